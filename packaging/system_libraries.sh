#!/bin/sh
# The system libraries that Qt needs on Debian and Ubuntu: installed when root, otherwise named in one
# line to paste. Nothing happens on other systems, or when they are all there.
command -v dpkg-query >/dev/null 2>&1 || exit 0
wanted="libegl1 libgl1 libxkbcommon0 libxkbcommon-x11-0 libfontconfig1 libdbus-1-3 libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-randr0 libxcb-render-util0 libxcb-shape0 libxcb-xinerama0"
# Without any font Qt draws empty boxes.
command -v fc-list >/dev/null 2>&1 && [ -n "$(fc-list 2>/dev/null | head -n 1)" ] || wanted="$wanted fonts-dejavu-core"
missing=""
for package in $wanted; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ]; then
    echo "Installing system libraries for Qt:$missing"
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing; } >/dev/null 2>&1 && exit 0
fi
echo "Qt needs system libraries. Please run: sudo apt-get install$missing"
exit 0
