import subprocess
import sys


def test_the_window_process_never_imports_torch() -> None:
    """The whole window, opened, in a process of its own."""
    code = (
        "import os, sys; os.environ['QT_QPA_PLATFORM'] = 'offscreen'\n"
        "from unet_studio.gui.app import Studio\n"
        "import unet_studio.gui.headless_demo\n"
        "studio = Studio(); studio.window.show(); studio.app.processEvents()\n"
        "heavy = {'torch', 'scipy', 'skimage', 'pyqtgraph', 'matplotlib'} & set(sys.modules)\n"
        "studio.window.close(); studio.close()\n"
        "sys.exit(repr(heavy) if heavy else 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def test_the_command_line_does_not_import_torch_either() -> None:
    code = (
        "import sys\n"
        "import unet_studio.cli.predict, unet_studio.cli.train, unet_studio.cli.evaluate\n"
        "import unet_studio.cli.doctor, unet_studio.cli.demo, unet_studio.cli.open_window\n"
        "sys.exit('torch' in sys.modules)\n"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=120).returncode == 0
