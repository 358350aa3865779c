<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="zh_CN" sourcelanguage="en">
 <context>
  <name>actions</name>
  <message>
   <source>A large image is proposed on part by part; what was begun goes on</source>
   <translation>大图像分块生成候选；已开始的会接着做</translation>
  </message>
  <message>
   <source>About U-Net Studio</source>
   <translation>关于 U-Net Studio</translation>
  </message>
  <message>
   <source>Accept a class…</source>
   <translation>接受某一类别…</translation>
  </message>
  <message>
   <source>Accept all</source>
   <translation>全部接受</translation>
  </message>
  <message>
   <source>Accept and go to next</source>
   <translation>接受并转到下一个</translation>
  </message>
  <message>
   <source>Accept by lasso</source>
   <translation>用套索接受</translation>
  </message>
  <message>
   <source>Accept selected</source>
   <translation>接受所选</translation>
  </message>
  <message>
   <source>Actual pixels</source>
   <translation>实际像素</translation>
  </message>
  <message>
   <source>Auto</source>
   <translation>自动</translation>
  </message>
  <message>
   <source>Automatic contrast</source>
   <translation>自动对比度</translation>
  </message>
  <message>
   <source>Box: the cell in it is found</source>
   <translation>框选：自动找到框中的细胞</translation>
  </message>
  <message>
   <source>Brush</source>
   <translation>画笔</translation>
  </message>
  <message>
   <source>By class</source>
   <translation>按类别</translation>
  </message>
  <message>
   <source>Cancel training</source>
   <translation>取消训练</translation>
  </message>
  <message>
   <source>Cell in a box</source>
   <translation>框选细胞</translation>
  </message>
  <message>
   <source>Checked</source>
   <translation>已核对</translation>
  </message>
  <message>
   <source>Class {number}</source>
   <translation>类别 {number}</translation>
  </message>
  <message>
   <source>Colours of classes</source>
   <translation>按类别着色</translation>
  </message>
  <message>
   <source>Copy this project's model to where every project finds it</source>
   <translation>把此项目的模型复制到所有项目都能找到的位置</translation>
  </message>
  <message>
   <source>Copy to next plane</source>
   <translation>复制到下一平面</translation>
  </message>
  <message>
   <source>Cut seams</source>
   <translation>切开接缝</translation>
  </message>
  <message>
   <source>Delete</source>
   <translation>删除</translation>
  </message>
  <message>
   <source>Delete by lasso</source>
   <translation>用套索删除</translation>
  </message>
  <message>
   <source>Delete instances at the image border</source>
   <translation>删除图像边缘的实例</translation>
  </message>
  <message>
   <source>Delete small instances</source>
   <translation>删除小实例</translation>
  </message>
  <message>
   <source>Earlier time point</source>
   <translation>上一时间点</translation>
  </message>
  <message>
   <source>Eraser</source>
   <translation>橡皮</translation>
  </message>
  <message>
   <source>Every image without labels and proposals; of a stack the first plane</source>
   <translation>所有没有标注和候选的图像；图像栈只处理第一个平面</translation>
  </message>
  <message>
   <source>Export masks…</source>
   <translation>导出掩膜…</translation>
  </message>
  <message>
   <source>Fill holes</source>
   <translation>填充孔洞</translation>
  </message>
  <message>
   <source>Filling</source>
   <translation>填充</translation>
  </message>
  <message>
   <source>Find a command…</source>
   <translation>查找命令…</translation>
  </message>
  <message>
   <source>Fine-tune…</source>
   <translation>微调…</translation>
  </message>
  <message>
   <source>Fit</source>
   <translation>适合窗口</translation>
  </message>
  <message>
   <source>Go to the selected instance</source>
   <translation>转到所选实例</translation>
  </message>
  <message>
   <source>Grow</source>
   <translation>扩大</translation>
  </message>
  <message>
   <source>Grow from a click</source>
   <translation>单击生长</translation>
  </message>
  <message>
   <source>Grow: one click, one cell</source>
   <translation>生长：单击一下，得到一个细胞</translation>
  </message>
  <message>
   <source>History</source>
   <translation>历史</translation>
  </message>
  <message>
   <source>Instances</source>
   <translation>实例</translation>
  </message>
  <message>
   <source>Interpolate between planes</source>
   <translation>在平面之间插值</translation>
  </message>
  <message>
   <source>Invert</source>
   <translation>反相</translation>
  </message>
  <message>
   <source>Invert the image</source>
   <translation>图像反相</translation>
  </message>
  <message>
   <source>Keep largest piece</source>
   <translation>只留最大的一块</translation>
  </message>
  <message>
   <source>Keep the model for all projects</source>
   <translation>保留模型供所有项目使用</translation>
  </message>
  <message>
   <source>Keyboard shortcuts</source>
   <translation>键盘快捷键</translation>
  </message>
  <message>
   <source>Labels are hidden while the key is held</source>
   <translation>按住此键时隐藏标注</translation>
  </message>
  <message>
   <source>Larger brush</source>
   <translation>放大画笔</translation>
  </message>
  <message>
   <source>Lasso</source>
   <translation>套索</translation>
  </message>
  <message>
   <source>Lasso: drag around a cell</source>
   <translation>套索：沿细胞周围拖动</translation>
  </message>
  <message>
   <source>Later time point</source>
   <translation>下一时间点</translation>
  </message>
  <message>
   <source>Let the model propose masks here; of a large image, on what is seen of it</source>
   <translation>让模型在此生成候选掩膜；大图像只处理可见部分</translation>
  </message>
  <message>
   <source>Magic wand</source>
   <translation>魔棒</translation>
  </message>
  <message>
   <source>Magic wand: similar grey values</source>
   <translation>魔棒：选取灰度相近的区域</translation>
  </message>
  <message>
   <source>Make every proposal a label (one undoable edit)</source>
   <translation>把所有候选变为标注（一步可撤销的编辑）</translation>
  </message>
  <message>
   <source>Maximum</source>
   <translation>最大值</translation>
  </message>
  <message>
   <source>Maximum of all planes</source>
   <translation>所有平面的最大值</translation>
  </message>
  <message>
   <source>Merge</source>
   <translation>合并</translation>
  </message>
  <message>
   <source>New instance</source>
   <translation>新实例</translation>
  </message>
  <message>
   <source>Next image</source>
   <translation>下一幅图像</translation>
  </message>
  <message>
   <source>Next plane</source>
   <translation>下一平面</translation>
  </message>
  <message>
   <source>One pixel of background between all instances that touch</source>
   <translation>在所有相接触的实例之间留出一个像素的背景</translation>
  </message>
  <message>
   <source>Open folder…</source>
   <translation>打开文件夹…</translation>
  </message>
  <message>
   <source>Open images…</source>
   <translation>打开图像…</translation>
  </message>
  <message>
   <source>Open project…</source>
   <translation>打开项目…</translation>
  </message>
  <message>
   <source>Outlines</source>
   <translation>轮廓</translation>
  </message>
  <message>
   <source>Pick</source>
   <translation>选取</translation>
  </message>
  <message>
   <source>Pixel grid</source>
   <translation>像素网格</translation>
  </message>
  <message>
   <source>Polygon</source>
   <translation>多边形</translation>
  </message>
  <message>
   <source>Polygon: click the corners</source>
   <translation>多边形：逐个单击顶点</translation>
  </message>
  <message>
   <source>Previous image</source>
   <translation>上一幅图像</translation>
  </message>
  <message>
   <source>Previous plane</source>
   <translation>上一平面</translation>
  </message>
  <message>
   <source>Propose</source>
   <translation>生成候选</translation>
  </message>
  <message>
   <source>Propose on all images</source>
   <translation>在所有图像上生成候选</translation>
  </message>
  <message>
   <source>Propose on the whole image</source>
   <translation>在整幅图像上生成候选</translation>
  </message>
  <message>
   <source>Put every proposal aside (one undoable edit)</source>
   <translation>拒绝所有候选（一步可撤销的编辑）</translation>
  </message>
  <message>
   <source>Quit</source>
   <translation>退出</translation>
  </message>
  <message>
   <source>Redo</source>
   <translation>重做</translation>
  </message>
  <message>
   <source>Reject a class…</source>
   <translation>拒绝某一类别…</translation>
  </message>
  <message>
   <source>Reject all</source>
   <translation>全部拒绝</translation>
  </message>
  <message>
   <source>Reject and go to next</source>
   <translation>拒绝并转到下一个</translation>
  </message>
  <message>
   <source>Reject by lasso</source>
   <translation>用套索拒绝</translation>
  </message>
  <message>
   <source>Resume the interrupted training</source>
   <translation>继续中断的训练</translation>
  </message>
  <message>
   <source>Ruler</source>
   <translation>标尺</translation>
  </message>
  <message>
   <source>Show labels</source>
   <translation>显示标注</translation>
  </message>
  <message>
   <source>Show the brightest value along z; labels are still those of this plane</source>
   <translation>显示沿 z 方向最亮的值；标注仍属于当前平面</translation>
  </message>
  <message>
   <source>Shrink</source>
   <translation>缩小</translation>
  </message>
  <message>
   <source>Smaller brush</source>
   <translation>缩小画笔</translation>
  </message>
  <message>
   <source>Smart edge</source>
   <translation>智能边缘</translation>
  </message>
  <message>
   <source>Smart edge: the line finds the edge</source>
   <translation>智能边缘：线条自动贴合边缘</translation>
  </message>
  <message>
   <source>Smooth</source>
   <translation>平滑</translation>
  </message>
  <message>
   <source>Split along a line</source>
   <translation>沿线拆分</translation>
  </message>
  <message>
   <source>Split at waists</source>
   <translation>在缢缩处拆分</translation>
  </message>
  <message>
   <source>Stop</source>
   <translation>停止</translation>
  </message>
  <message>
   <source>Stop and keep the best</source>
   <translation>停止并保留最佳结果</translation>
  </message>
  <message>
   <source>Stop proposing, or abort the stroke</source>
   <translation>停止生成候选，或放弃当前笔画</translation>
  </message>
  <message>
   <source>Take back the last corner</source>
   <translation>撤回上一个顶点</translation>
  </message>
  <message>
   <source>The GPU or processor the network uses, and why; versions; the log's place</source>
   <translation>网络使用的 GPU 或处理器及其原因；各版本；日志的位置</translation>
  </message>
  <message>
   <source>The edits of this image by time; a click shows the image as it was then</source>
   <translation>按时间列出此图像的编辑；单击即可查看当时的图像</translation>
  </message>
  <message>
   <source>The table of this image's instances</source>
   <translation>此图像的实例列表</translation>
  </message>
  <message>
   <source>The window speaks this language from now on</source>
   <translation>窗口从现在起使用此语言</translation>
  </message>
  <message>
   <source>This image is verified. Only checked images teach.</source>
   <translation>此图像已经核对。只有核对过的图像才用于训练。</translation>
  </message>
  <message>
   <source>Train a new network…</source>
   <translation>训练新网络…</translation>
  </message>
  <message>
   <source>Undo</source>
   <translation>撤销</translation>
  </message>
  <message>
   <source>What computes here…</source>
   <translation>由什么计算…</translation>
  </message>
  <message>
   <source>Zoom in</source>
   <translation>放大视图</translation>
  </message>
  <message>
   <source>Zoom out</source>
   <translation>缩小视图</translation>
  </message>
  <message>
   <source>{verb}: {name}</source>
   <translation>{verb}：{name}</translation>
  </message>
 </context>
 <context>
  <name>app</name>
  <message>
   <source>Something unexpected went wrong ({reason}). Your labels are safe. The details are in {log}; please report it.</source>
   <translation>发生了意外错误（{reason}）。您的标注是安全的。详情记录在 {log} 中，请报告此问题。</translation>
  </message>
 </context>
 <context>
  <name>classes</name>
  <message>
   <source>Add</source>
   <translation>添加</translation>
  </message>
  <message>
   <source>Add a class</source>
   <translation>添加类别</translation>
  </message>
  <message>
   <source>All of it is one instance.</source>
   <translation>全部算作一个实例。</translation>
  </message>
  <message>
   <source>Cell</source>
   <translation>细胞</translation>
  </message>
  <message>
   <source>Class {number}</source>
   <translation>类别 {number}</translation>
  </message>
  <message>
   <source>Colour of {name}</source>
   <translation>{name} 的颜色</translation>
  </message>
  <message>
   <source>Colour…</source>
   <translation>颜色…</translation>
  </message>
  <message>
   <source>Edit…</source>
   <translation>编辑…</translation>
  </message>
  <message>
   <source>Give to the selected instance</source>
   <translation>赋予所选实例</translation>
  </message>
  <message>
   <source>Key {key}.</source>
   <translation>按键 {key}。</translation>
  </message>
  <message>
   <source>Name, colour and kind of the chosen class</source>
   <translation>所选类别的名称、颜色和种类</translation>
  </message>
  <message>
   <source>Not countable (vessels, membranes): one instance</source>
   <translation>不可计数（血管、膜）：算作一个实例</translation>
  </message>
  <message>
   <source>Remove</source>
   <translation>移除</translation>
  </message>
  <message>
   <source>Rename</source>
   <translation>重命名</translation>
  </message>
  <message>
   <source>There are {count} classes already: remove one first.</source>
   <translation>已有 {count} 个类别：请先移除一个。</translation>
  </message>
 </context>
 <context>
  <name>display</name>
  <message>
   <source>Blue</source>
   <translation>蓝</translation>
  </message>
  <message>
   <source>Channel {number}</source>
   <translation>通道 {number}</translation>
  </message>
  <message>
   <source>Colour of the channel</source>
   <translation>通道的颜色</translation>
  </message>
  <message>
   <source>Gamma</source>
   <translation>伽马</translation>
  </message>
  <message>
   <source>Gamma: a double click sets it back to 1</source>
   <translation>伽马：双击恢复为 1</translation>
  </message>
  <message>
   <source>Green</source>
   <translation>绿</translation>
  </message>
  <message>
   <source>Keep from image to image</source>
   <translation>换图像时保持不变</translation>
  </message>
  <message>
   <source>Labels</source>
   <translation>标注</translation>
  </message>
  <message>
   <source>Opacity of the labels' filling</source>
   <translation>标注填充的不透明度</translation>
  </message>
  <message>
   <source>Red</source>
   <translation>红</translation>
  </message>
  <message>
   <source>Shown</source>
   <translation>显示</translation>
  </message>
  <message>
   <source>What you set here stays for the next images of the same kind</source>
   <translation>此处的设置会沿用到后面的同类图像</translation>
  </message>
 </context>
 <context>
  <name>edits</name>
  <message>
   <source>Accept all proposals</source>
   <translation>接受所有候选</translation>
  </message>
  <message>
   <source>Accept proposal</source>
   <translation>接受候选</translation>
  </message>
  <message>
   <source>Accept proposals in a lasso</source>
   <translation>接受套索内的候选</translation>
  </message>
  <message>
   <source>Accept proposals of a class</source>
   <translation>接受某类别的候选</translation>
  </message>
  <message>
   <source>Bring everything back</source>
   <translation>全部恢复</translation>
  </message>
  <message>
   <source>Bring instance back</source>
   <translation>恢复实例</translation>
  </message>
  <message>
   <source>Brush stroke</source>
   <translation>画笔笔画</translation>
  </message>
  <message>
   <source>Cell in a box</source>
   <translation>框选细胞</translation>
  </message>
  <message>
   <source>Copy from another plane</source>
   <translation>从另一平面复制</translation>
  </message>
  <message>
   <source>Cut seams</source>
   <translation>切开接缝</translation>
  </message>
  <message>
   <source>Delete instance</source>
   <translation>删除实例</translation>
  </message>
  <message>
   <source>Delete instances at the image border</source>
   <translation>删除图像边缘的实例</translation>
  </message>
  <message>
   <source>Delete instances in a lasso</source>
   <translation>删除套索内的实例</translation>
  </message>
  <message>
   <source>Delete small instances</source>
   <translation>删除小实例</translation>
  </message>
  <message>
   <source>Erase</source>
   <translation>擦除</translation>
  </message>
  <message>
   <source>Erase outline</source>
   <translation>擦除轮廓内部</translation>
  </message>
  <message>
   <source>Fill holes</source>
   <translation>填充孔洞</translation>
  </message>
  <message>
   <source>Grow</source>
   <translation>扩大</translation>
  </message>
  <message>
   <source>Grow from a click</source>
   <translation>单击生长</translation>
  </message>
  <message>
   <source>Interpolate between planes</source>
   <translation>在平面之间插值</translation>
  </message>
  <message>
   <source>Keep largest piece</source>
   <translation>只留最大的一块</translation>
  </message>
  <message>
   <source>Magic wand</source>
   <translation>魔棒</translation>
  </message>
  <message>
   <source>Mark as checked</source>
   <translation>标为已核对</translation>
  </message>
  <message>
   <source>Mark as not checked</source>
   <translation>标为未核对</translation>
  </message>
  <message>
   <source>Merge instances</source>
   <translation>合并实例</translation>
  </message>
  <message>
   <source>Outline</source>
   <translation>轮廓</translation>
  </message>
  <message>
   <source>Reject proposals</source>
   <translation>拒绝候选</translation>
  </message>
  <message>
   <source>Set class</source>
   <translation>设置类别</translation>
  </message>
  <message>
   <source>Shrink</source>
   <translation>缩小</translation>
  </message>
  <message>
   <source>Smart edge</source>
   <translation>智能边缘</translation>
  </message>
  <message>
   <source>Smooth</source>
   <translation>平滑</translation>
  </message>
  <message>
   <source>Split instance</source>
   <translation>拆分实例</translation>
  </message>
 </context>
 <context>
  <name>errors</name>
  <message>
   <source>--init brings its own network: leave out --network and --encoder-weights.</source>
   <translation>--init 自带网络：请去掉 --network 和 --encoder-weights。</translation>
  </message>
  <message>
   <source>--resume goes on with everything as it was: leave out {given}.</source>
   <translation>--resume 按原来的设置继续：请去掉 {given}。</translation>
  </message>
  <message>
   <source>--val-fraction and --val-images exclude each other: give one of them.</source>
   <translation>--val-fraction 和 --val-images 不能同时使用：请只给其中一个。</translation>
  </message>
  <message>
   <source>--val-images and --val-masks go together: give both or neither.</source>
   <translation>--val-images 和 --val-masks 须同时使用：要么都给，要么都不给。</translation>
  </message>
  <message>
   <source>A checked part of {name} is {width} × {height} px, too large to be learnt from at once: press C on it once more, then zoom in and check smaller parts.</source>
   <translation>{name} 中已核对的部分为 {width} × {height} 像素，太大，无法一次学习：请显示该部分并再按一次 C 取消核对，然后放大视图，核对较小的部分。</translation>
  </message>
  <message>
   <source>A mask holds the value {highest}, and there are at most {most} classes: are these ids of instances? Then leave out --masks classes.</source>
   <translation>掩膜中有数值 {highest}，而类别最多 {most} 个：这些是实例编号吗？如果是，请去掉 --masks classes。</translation>
  </message>
  <message>
   <source>A part of the image cannot be shown ({reason}).</source>
   <translation>图像的一部分无法显示（{reason}）。</translation>
  </message>
  <message>
   <source>A plane of {size} MB could not be written into {folder} ({reason}): make room there, or set TMPDIR.</source>
   <translation>大小为 {size} MB 的平面无法写入 {folder}（{reason}）：请腾出空间，或设置 TMPDIR。</translation>
  </message>
  <message>
   <source>A plane of {width} × {height} px is too large to be loaded whole: cut out the part you need.</source>
   <translation>{width} × {height} 像素的平面太大，无法整个载入：请裁出需要的部分。</translation>
  </message>
  <message>
   <source>A plane of {width} × {height} px without smaller copies of itself in the file takes too long to show: save it as a pyramid (OME-TIFF, OME-Zarr).</source>
   <translation>{width} × {height} 像素的平面在文件中没有缩小的副本，显示太慢：请存为金字塔格式（OME-TIFF、OME-Zarr）。</translation>
  </message>
  <message>
   <source>A setting is out of range: {reason}.</source>
   <translation>有一项设置超出范围：{reason}。</translation>
  </message>
  <message>
   <source>A training needs --images, --masks and --out ({missing} is missing), or --resume RUN_DIR.</source>
   <translation>训练需要 --images、--masks 和 --out（缺少 {missing}），或 --resume RUN_DIR。</translation>
  </message>
  <message>
   <source>Cannot open the folder {path}: {reason}.</source>
   <translation>无法打开文件夹 {path}：{reason}。</translation>
  </message>
  <message>
   <source>Cannot read the settings file {path}: {reason}.</source>
   <translation>无法读取设置文件 {path}：{reason}。</translation>
  </message>
  <message>
   <source>Cannot read {name}: {reason}.</source>
   <translation>无法读取 {name}：{reason}。</translation>
  </message>
  <message>
   <source>Cannot read {path}: {reason}.</source>
   <translation>无法读取 {path}：{reason}。</translation>
  </message>
  <message>
   <source>Cannot write into the folder {path}: {reason}. Choose another folder.</source>
   <translation>无法写入文件夹 {path}：{reason}。请选择其他文件夹。</translation>
  </message>
  <message>
   <source>Cannot write {path}: {reason}. Choose another folder or free some space.</source>
   <translation>无法写入 {path}：{reason}。请选择其他文件夹，或腾出一些空间。</translation>
  </message>
  <message>
   <source>In the settings file {path}: {reason}.</source>
   <translation>设置文件 {path} 中：{reason}。</translation>
  </message>
  <message>
   <source>Instance {id} is on no other plane with a free one in between: draw it there first.</source>
   <translation>没有另一个平面含有实例 {id} 且与当前平面之间隔着空平面：请先在隔开的某个平面上画出它。</translation>
  </message>
  <message>
   <source>Masks in {folder} that this project did not write, or that were changed since, would be replaced: {count}, the first is {name}.</source>
   <translation>{folder} 中有 {count} 个掩膜会被替换，它们不是由此项目写入的，或在写入后被改动过。第一个是 {name}。</translation>
  </message>
  <message>
   <source>No font of this machine can write {language}: install one, on Debian or Ubuntu with sudo apt-get install fonts-noto-cjk.</source>
   <translation>此计算机没有能显示{language}的字体：请安装一种，在 Debian 或 Ubuntu 上运行 sudo apt-get install fonts-noto-cjk。</translation>
  </message>
  <message>
   <source>No image is checked yet: correct one, mark it with C, then fine-tune. Only checked images teach.</source>
   <translation>还没有核对过的图像：请修正一幅，按 C 标为已核对，再微调。只有核对过的图像才用于训练。</translation>
  </message>
  <message>
   <source>No image is open: open one, correct it, mark it with C, then train.</source>
   <translation>没有打开图像：请打开一幅，修正后按 C 标为已核对，再训练。</translation>
  </message>
  <message>
   <source>No training of this project was interrupted: start a new one.</source>
   <translation>此项目没有被中断的训练：请开始新的训练。</translation>
  </message>
  <message>
   <source>None of the {count} training masks holds an instance: mark at least one, then train again.</source>
   <translation>{count} 个训练掩膜中没有任何实例：请至少标出一个，再训练。</translation>
  </message>
  <message>
   <source>Nothing of the image is in view: show it with View ▸ Fit, then try again.</source>
   <translation>视图中没有图像内容：请用“视图 ▸ 适合窗口”显示图像后重试。</translation>
  </message>
  <message>
   <source>One patch of {side} px is one pixel at the bottom of a network of depth {depth}: use larger patches (patch_px), or more a step (batch_size).</source>
   <translation>{side} 像素的图像块在深度为 {depth} 的网络底部只剩一个像素：请用更大的图像块（patch_px），或增加每步的块数（batch_size）。</translation>
  </message>
  <message>
   <source>Open an image to see how it is varied.</source>
   <translation>请打开一幅图像，以预览数据增强的效果。</translation>
  </message>
  <message>
   <source>OpenVINO is not installed: pip install unet-studio[openvino], or use --device auto.</source>
   <translation>未安装 OpenVINO：请运行 pip install unet-studio[openvino]，或使用 --device auto。</translation>
  </message>
  <message>
   <source>Published weights ({path}) are for ResNet encoders, this network's is plain: choose the preset residual.</source>
   <translation>公开权重（{path}）适用于 ResNet 编码器，而此网络是普通编码器：请选择预设 residual。</translation>
  </message>
  <message>
   <source>Qt needs system libraries that are missing here. On Debian or Ubuntu: sudo apt-get install {packages}</source>
   <translation>此处缺少 Qt 需要的系统库。在 Debian 或 Ubuntu 上：sudo apt-get install {packages}</translation>
  </message>
  <message>
   <source>Something is still being read or written: change the language when that is done.</source>
   <translation>仍在读取或写入：请等完成后再更改语言。</translation>
  </message>
  <message>
   <source>The GPU {name} is not usable. {reason} Use --device cpu, or auto to let the program choose.</source>
   <translation>GPU {name} 不可用。{reason}请使用 --device cpu，或用 auto 让程序选择。</translation>
  </message>
  <message>
   <source>The axes stay as they are: there are labels or proposals on planes of this image. To read it otherwise, put a copy of it into the folder under another name.</source>
   <translation>坐标轴保持不变：此图像的平面上已有标注或候选。要以其他方式读取，请把它的副本换个名字放入文件夹。</translation>
  </message>
  <message>
   <source>The backup cannot be put back in {folder}: {reason}. Copy the project to a folder that can be written and open it there.</source>
   <translation>备份无法放回 {folder}：{reason}。请把项目复制到可写的文件夹，在那里打开。</translation>
  </message>
  <message>
   <source>The demo did not end within {seconds} s.</source>
   <translation>演示未能在 {seconds} 秒内结束。</translation>
  </message>
  <message>
   <source>The demo image {path} is gone: install U-Net Studio again.</source>
   <translation>演示图像 {path} 不见了：请重新安装 U-Net Studio。</translation>
  </message>
  <message>
   <source>The device {name} is not usable on this machine: use auto or cpu.</source>
   <translation>设备 {name} 在此计算机上不可用：请使用 auto 或 cpu。</translation>
  </message>
  <message>
   <source>The disk of {name} does not answer, so the project cannot be copied now: reconnect it. What you draw is kept in memory.</source>
   <translation>{name} 所在的磁盘没有响应，现在无法复制项目：请重新连接磁盘。您画的内容保存在内存中。</translation>
  </message>
  <message>
   <source>The engine crashed (memory access fault). Your labels are safe; try again, and report it if it happens again.</source>
   <translation>引擎崩溃（内存访问错误）。您的标注是安全的；请重试，如再次发生请报告。</translation>
  </message>
  <message>
   <source>The engine did not start within {seconds} s. Close other programs and try again.</source>
   <translation>引擎未能在 {seconds} 秒内启动。请关闭其他程序后重试。</translation>
  </message>
  <message>
   <source>The engine ended before the job was done. Your labels are safe; try again.</source>
   <translation>引擎在任务完成之前就结束了。您的标注是安全的；请重试。</translation>
  </message>
  <message>
   <source>The engine ended with an error (code {code}: {last_line}). Your labels are safe; try again.</source>
   <translation>引擎因错误结束（代码 {code}：{last_line}）。您的标注是安全的；请重试。</translation>
  </message>
  <message>
   <source>The engine met an unexpected error ({reason}). Your labels are safe; try again.</source>
   <translation>引擎遇到意外错误（{reason}）。您的标注是安全的；请重试。</translation>
  </message>
  <message>
   <source>The engine sent something that is no message ({reason}) and was ended. Try again; nothing was lost.</source>
   <translation>引擎发来的内容不是消息（{reason}），已将其结束。请重试；没有丢失任何内容。</translation>
  </message>
  <message>
   <source>The engine speaks protocol {theirs}, the window {ours}: install the same version of U-Net Studio on both sides.</source>
   <translation>引擎使用协议 {theirs}，窗口使用 {ours}：请在两边安装相同版本的 U-Net Studio。</translation>
  </message>
  <message>
   <source>The engine was asked to end by another program. Your labels are safe; try again.</source>
   <translation>引擎被另一个程序要求结束。您的标注是安全的；请重试。</translation>
  </message>
  <message>
   <source>The engine was ended by the system, usually because memory ran out. Your labels are safe; close other programs or use a smaller image, then try again.</source>
   <translation>引擎被系统结束，通常是因为内存不足。您的标注是安全的；请关闭其他程序或使用较小的图像，然后重试。</translation>
  </message>
  <message>
   <source>The engine {command} could not be started: {reason}. Install U-Net Studio again.</source>
   <translation>引擎 {command} 无法启动：{reason}。请重新安装 U-Net Studio。</translation>
  </message>
  <message>
   <source>The folder {path} holds no image: put TIFF, PNG, JPEG, or what a microscope wrote, into it.</source>
   <translation>文件夹 {path} 中没有图像：请放入 TIFF、PNG、JPEG 或显微镜写出的文件。</translation>
  </message>
  <message>
   <source>The image is too large for a preview: open a smaller one.</source>
   <translation>图像太大，无法预览：请打开较小的图像。</translation>
  </message>
  <message>
   <source>The job could not be done ({reason}). Your labels are safe.</source>
   <translation>任务无法完成（{reason}）。您的标注是安全的。</translation>
  </message>
  <message>
   <source>The last changes are not on the disk yet: wait until they are, then try again.</source>
   <translation>最近的改动还没有写入磁盘：请等写入后重试。</translation>
  </message>
  <message>
   <source>The mask {name} holds colours, and nothing says which class each of them is: export it with the numbers of the classes, as 8-bit grey PNG or TIFF.</source>
   <translation>掩膜 {name} 含有颜色，但没有说明每种颜色是哪个类别：请导出为用类别编号表示的 8 位灰度 PNG 或 TIFF。</translation>
  </message>
  <message>
   <source>The mask {name} holds fractions, not instance numbers: export it as 16-bit TIFF or PNG.</source>
   <translation>掩膜 {name} 含有小数，而不是实例编号：请导出为 16 位 TIFF 或 PNG。</translation>
  </message>
  <message>
   <source>The mask {name} holds {count} channels: export it as one grey label image.</source>
   <translation>掩膜 {name} 有 {count} 个通道：请导出为单个灰度标签图像。</translation>
  </message>
  <message>
   <source>The mask {name} holds {count} planes: save each as a file of its own, beside an image of one.</source>
   <translation>掩膜 {name} 有 {count} 个平面：请把每个平面存为单独的文件，并各配一幅图像。</translation>
  </message>
  <message>
   <source>The mask {name} is {mask_height}×{mask_width} px but its image is {height}×{width} px: export the mask again at the image's size.</source>
   <translation>掩膜 {name} 为 {mask_height}×{mask_width} 像素，而图像为 {height}×{width} 像素：请按图像的大小重新导出掩膜。</translation>
  </message>
  <message>
   <source>The masks hold class {found}, more than {most} are not possible: are the values ids of instances? Then set masks = "instances".</source>
   <translation>掩膜中有类别 {found}，而最多只能有 {most} 个：这些数值是实例编号吗？如果是，请设置 masks = "instances"。</translation>
  </message>
  <message>
   <source>The masks hold class {found}, the network knows {known} besides background: name all of them under classes in the settings, or start from scratch.</source>
   <translation>掩膜中有类别 {found}，而网络除背景外只认识 {known} 个：请在设置的 classes 中列出全部类别，或从头训练。</translation>
  </message>
  <message>
   <source>The masks would replace the images in {folder}: choose another folder.</source>
   <translation>掩膜会替换 {folder} 中的图像：请选择其他文件夹。</translation>
  </message>
  <message>
   <source>The memory of {device} is too small for the model {model}: close other programs or use a smaller model.</source>
   <translation>{device} 的内存不足以运行模型 {model}：请关闭其他程序，或使用较小的模型。</translation>
  </message>
  <message>
   <source>The memory of {device} is too small for {count} patches of {side} px at once: use fewer a step (batch_size), smaller ones (patch_px), or checkpointing.</source>
   <translation>{device} 的内存不足以同时处理 {count} 个 {side} 像素的图像块：请减少每步的块数（batch_size），缩小图像块（patch_px），或启用 checkpointing。</translation>
  </message>
  <message>
   <source>The model folder {folder} has no {file}: copy the whole folder again.</source>
   <translation>模型文件夹 {folder} 中缺少 {file}：请重新复制整个文件夹。</translation>
  </message>
  <message>
   <source>The model {model} was exchanged while it proposed. What it proposed so far is kept; Ctrl+P begins anew with the model that is there now.</source>
   <translation>模型 {model} 在生成候选时被替换。已生成的候选保留；按 Ctrl+P 用现在的模型重新开始。</translation>
  </message>
  <message>
   <source>The model {name} was made by a newer version of this program (format {version}): update U-Net Studio.</source>
   <translation>模型 {name} 由更新版本的程序生成（格式 {version}）：请更新 U-Net Studio。</translation>
  </message>
  <message>
   <source>The name of {name} holds bytes that are no text: rename the file.</source>
   <translation>{name} 的文件名含有不是文字的字节：请重命名文件。</translation>
  </message>
  <message>
   <source>The network is at work: change the language when it is done, or stop it first.</source>
   <translation>网络正在工作：请等它完成后，或先停止它，再更改语言。</translation>
  </message>
  <message>
   <source>The project cannot be copied to {folder}: {reason}. Choose a folder on another drive.</source>
   <translation>项目无法复制到 {folder}：{reason}。请选择另一个驱动器上的文件夹。</translation>
  </message>
  <message>
   <source>The project database {path} is damaged ({reason}). It was left as it is. The newest automatic backup is {name} of {time}: what was drawn later is not in it.</source>
   <translation>项目数据库 {path} 已损坏（{reason}），它保持原样未动。最新的自动备份是 {time} 的 {name}：之后画的内容不在其中。</translation>
  </message>
  <message>
   <source>The project database {path} is damaged ({reason}). It was left as it is. There is no automatic backup of it: restore the folder from your own.</source>
   <translation>项目数据库 {path} 已损坏（{reason}），它保持原样未动。没有它的自动备份：请从您自己的备份恢复此文件夹。</translation>
  </message>
  <message>
   <source>The project of these images was continued in {newer}, which is not there now: connect that drive, or open the older copy {folder} with Open project.</source>
   <translation>这些图像的项目已在 {newer} 中继续，而它现在不在：请连接那个驱动器，或用“打开项目”打开较旧的副本 {folder}。</translation>
  </message>
  <message>
   <source>The project {folder} cannot be opened or created: {reason}.</source>
   <translation>项目 {folder} 无法打开或创建：{reason}。</translation>
  </message>
  <message>
   <source>The project {folder} cannot be opened: {reason}. Check that the folder can be written and the disk is not full.</source>
   <translation>项目 {folder} 无法打开：{reason}。请检查文件夹是否可写、磁盘是否已满。</translation>
  </message>
  <message>
   <source>The project {name} cannot be read or written now: {reason}. Check that its drive is connected.</source>
   <translation>项目 {name} 现在无法读写：{reason}。请检查它的驱动器是否已连接。</translation>
  </message>
  <message>
   <source>The project {name} cannot be read or written now: {reason}. Check the disk and its free space.</source>
   <translation>项目 {name} 现在无法读写：{reason}。请检查磁盘及其剩余空间。</translation>
  </message>
  <message>
   <source>The project {name} is already open ({owner}): close it there first.</source>
   <translation>项目 {name} 已在别处打开（{owner}）：请先在那里关闭它。</translation>
  </message>
  <message>
   <source>The project {name} was closed meanwhile.</source>
   <translation>项目 {name} 已经关闭。</translation>
  </message>
  <message>
   <source>The project {name} was made by a newer version of U-Net Studio (format {theirs}, this program knows {ours}): update the program.</source>
   <translation>项目 {name} 由更新版本的 U-Net Studio 生成（格式 {theirs}，此程序支持 {ours}）：请更新程序。</translation>
  </message>
  <message>
   <source>The run {run} cannot be read ({reason}): start the training anew.</source>
   <translation>无法读取训练运行 {run}（{reason}）：请重新开始训练。</translation>
  </message>
  <message>
   <source>The run {run} cannot go on: it has no checkpoint. Either it is complete, or it ended before its first measurement. Start it anew.</source>
   <translation>训练运行 {run} 无法继续：它没有检查点。它要么已经完成，要么在第一次测量前就结束了。请重新开始。</translation>
  </message>
  <message>
   <source>The run {run} cannot go on: it was begun by an older version. Start it anew.</source>
   <translation>训练运行 {run} 无法继续：它由较旧的版本开始。请重新开始。</translation>
  </message>
  <message>
   <source>The run {run} cannot go on: its checkpoint is damaged. Start it anew.</source>
   <translation>训练运行 {run} 无法继续：它的检查点已损坏。请重新开始。</translation>
  </message>
  <message>
   <source>The run {run} cannot go on: {file} has changed since it began. Start it anew.</source>
   <translation>训练运行 {run} 无法继续：{file} 在开始之后有改动。请重新开始。</translation>
  </message>
  <message>
   <source>The settings file {path} is not valid TOML: {reason}.</source>
   <translation>设置文件 {path} 不是有效的 TOML：{reason}。</translation>
  </message>
  <message>
   <source>The training diverged at step {step}: the loss grew out of bounds before anything was learnt. Use a smaller learning rate than {rate}.</source>
   <translation>训练在第 {step} 步发散：在学到东西之前损失就无限增大。请使用小于 {rate} 的学习率。</translation>
  </message>
  <message>
   <source>The weights of the model {name} in {folder} are damaged or were exchanged: their checksum is not the one in {file}. Copy the whole model folder again.</source>
   <translation>{folder} 中模型 {name} 的权重已损坏或被替换：校验和与 {file} 中的不一致。请重新复制整个模型文件夹。</translation>
  </message>
  <message>
   <source>The weights {path} are damaged or not safetensors (nor a state dict of PyTorch): copy the file again.</source>
   <translation>权重 {path} 已损坏，或不是 safetensors（也不是 PyTorch 的 state dict）：请重新复制文件。</translation>
  </message>
  <message>
   <source>The weights {path} belong to another network: {name} is {found}, the config asks for {wanted}.</source>
   <translation>权重 {path} 属于另一个网络：{name} 是 {found}，配置要求 {wanted}。</translation>
  </message>
  <message>
   <source>The weights {path} hold values that are no numbers, in {name}.</source>
   <translation>权重 {path} 的 {name} 中含有不是数字的值。</translation>
  </message>
  <message>
   <source>The weights {path} were learnt with batch normalisation, this network has {normalization}: set normalization = "batch".</source>
   <translation>权重 {path} 是用批归一化学得的，而此网络使用 {normalization}：请设置 normalization = "batch"。</translation>
  </message>
  <message>
   <source>There is a project in {folder} already: choose another folder.</source>
   <translation>{folder} 中已有一个项目：请选择其他文件夹。</translation>
  </message>
  <message>
   <source>There is no device {name}: use auto, cpu, cuda, cuda:N, mps or xpu.</source>
   <translation>没有设备 {name}：请使用 auto、cpu、cuda、cuda:N、mps 或 xpu。</translation>
  </message>
  <message>
   <source>There is no file or folder {path}.</source>
   <translation>没有文件或文件夹 {path}。</translation>
  </message>
  <message>
   <source>There is no file {path}.</source>
   <translation>没有文件 {path}。</translation>
  </message>
  <message>
   <source>There is no file {path}: it may have been moved or renamed.</source>
   <translation>没有文件 {path}：它可能被移动或重命名了。</translation>
  </message>
  <message>
   <source>There is no model to propose with: train one, or install U-Net Studio again.</source>
   <translation>没有可用来生成候选的模型：请训练一个，或重新安装 U-Net Studio。</translation>
  </message>
  <message>
   <source>There is no model {name}. Known models: {known}. A path to a model folder works too.</source>
   <translation>没有模型 {name}。已知的模型：{known}。也可以给出模型文件夹的路径。</translation>
  </message>
  <message>
   <source>This image has used all {count} instance numbers.</source>
   <translation>此图像已用完全部 {count} 个实例编号。</translation>
  </message>
  <message>
   <source>This machine has no display to open a window on. Use unet-studio predict, train or evaluate, or unet-studio demo --headless OUT.</source>
   <translation>此计算机没有可以打开窗口的显示器。请使用 unet-studio predict、train 或 evaluate，或 unet-studio demo --headless OUT。</translation>
  </message>
  <message>
   <source>This moment is no longer kept: the history was trimmed to its size. Choose a later one.</source>
   <translation>这一时刻已不再保留：历史超出大小上限，最旧的编辑已被删除。请选择较晚的时刻。</translation>
  </message>
  <message>
   <source>Two classes are called {name}: rename one of them, then train.</source>
   <translation>有两个类别都叫 {name}：请重命名其中一个，再训练。</translation>
  </message>
  <message>
   <source>{count} of {total} images have no mask in {masks}, the first is {name}: add {stem}.tif or .png, or take the image away.</source>
   <translation>{total} 幅图像中有 {count} 幅在 {masks} 中没有掩膜，第一幅是 {name}：请添加 {stem}.tif 或 .png，或拿走该图像。</translation>
  </message>
  <message>
   <source>{first} and {second} would both be written as {stem}: rename one of the images.</source>
   <translation>{first} 和 {second} 都会写成 {stem}：请重命名其中一幅图像。</translation>
  </message>
  <message>
   <source>{folder} is not a model folder: it has no {file}.</source>
   <translation>{folder} 不是模型文件夹：其中没有 {file}。</translation>
  </message>
  <message>
   <source>{folder} is not the folder of a run: it has no readable {name}.</source>
   <translation>{folder} 不是训练运行的文件夹：其中没有可读的 {name}。</translation>
  </message>
  <message>
   <source>{name} cannot be reached ({reason}): connect its drive, then choose it again.</source>
   <translation>无法访问 {name}（{reason}）：请连接它的驱动器，然后再选择它。</translation>
  </message>
  <message>
   <source>{name} cannot be read any more: it is damaged, or its drive is gone ({reason}).</source>
   <translation>{name} 无法再读取：它已损坏，或它的驱动器不在了（{reason}）。</translation>
  </message>
  <message>
   <source>{name} cannot be read as {format}: it is damaged or incomplete ({reason}).</source>
   <translation>{name} 无法按 {format} 读取：它已损坏或不完整（{reason}）。</translation>
  </message>
  <message>
   <source>{name} cannot be read or written now ({reason}): check that its drive is connected.</source>
   <translation>{name} 现在无法读写（{reason}）：请检查它的驱动器是否已连接。</translation>
  </message>
  <message>
   <source>{name} claims to be {shape} large.</source>
   <translation>{name} 声称的大小为 {shape}。</translation>
  </message>
  <message>
   <source>{name} claims to be {width} × {height} px, but has only {size} bytes: it is damaged.</source>
   <translation>{name} 声称为 {width} × {height} 像素，但只有 {size} 字节：它已损坏。</translation>
  </message>
  <message>
   <source>{name} could not be encoded as PNG.</source>
   <translation>{name} 无法编码为 PNG。</translation>
  </message>
  <message>
   <source>{name} has {count} instances; a 16-bit PNG holds {limit}: export as TIFF.</source>
   <translation>{name} 有 {count} 个实例；16 位 PNG 最多容纳 {limit} 个：请导出为 TIFF。</translation>
  </message>
  <message>
   <source>{name} holds no image this program can show ({dtype}, {shape}).</source>
   <translation>{name} 中没有此程序能显示的图像（{dtype}，{shape}）。</translation>
  </message>
  <message>
   <source>{name} holds no image.</source>
   <translation>{name} 中没有图像。</translation>
  </message>
  <message>
   <source>{name} holds no image: its axes are {shape}.</source>
   <translation>{name} 中没有图像：它的坐标轴为 {shape}。</translation>
  </message>
  <message>
   <source>{name} holds no pixels, or does not say how they are written: export it again.</source>
   <translation>{name} 中没有像素，或没有说明像素的写法：请重新导出。</translation>
  </message>
  <message>
   <source>{name} holds pixels of a kind this program cannot show ({kinds}).</source>
   <translation>{name} 中的像素种类此程序无法显示（{kinds}）。</translation>
  </message>
  <message>
   <source>{name} holds {count} planes, and a mask is of one: save the planes as files of their own, with a mask each.</source>
   <translation>{name} 有 {count} 个平面，而掩膜只对应一个：请把各平面存为单独的文件，并各配一个掩膜。</translation>
  </message>
  <message>
   <source>{name} is a zarr group without an image (no multiscales).</source>
   <translation>{name} 是没有图像的 zarr 组（没有 multiscales）。</translation>
  </message>
  <message>
   <source>{name} is among the images in {folder} already, and its mask would replace it: choose another folder.</source>
   <translation>{name} 已在 {folder} 的图像之中，它的掩膜会替换它：请选择其他文件夹。</translation>
  </message>
  <message>
   <source>{name} is an image of this project already: choose the file the labels were drawn on.</source>
   <translation>{name} 已是此项目的图像：请选择标注所依据的文件。</translation>
  </message>
  <message>
   <source>{name} is damaged: the image in it cannot be decoded.</source>
   <translation>{name} 已损坏：其中的图像无法解码。</translation>
  </message>
  <message>
   <source>{name} is not a complete image ({size} bytes): copy it again from where it came from.</source>
   <translation>{name} 不是完整的图像（{size} 字节）：请从来源重新复制。</translation>
  </message>
  <message>
   <source>{name} is not an image this program reads: use TIFF, PNG, JPEG, or what a microscope or scanner wrote (see docs/formats.md).</source>
   <translation>{name} 不是此程序能读取的图像：请使用 TIFF、PNG、JPEG，或显微镜、扫描仪写出的文件（见 docs/formats.md）。</translation>
  </message>
  <message>
   <source>{name} is not in {folder} any more and was not found near by. Its labels are safe: show where the file is now.</source>
   <translation>{name} 已不在 {folder} 中，附近也没有找到。它的标注是安全的：请指出文件现在的位置。</translation>
  </message>
  <message>
   <source>{name} is now {height}×{width} px, but its labels were made at {old_height}×{old_width} px: put the original image back, or add the new one under another name.</source>
   <translation>{name} 现在为 {height}×{width} 像素，而它的标注是在 {old_height}×{old_width} 像素上画的：请放回原来的图像，或把新图像换个名字加入。</translation>
  </message>
  <message>
   <source>{name} is too large for a mask of classes: use label-tiff.</source>
   <translation>{name} 太大，无法导出为类别掩膜：请使用 label-tiff。</translation>
  </message>
  <message>
   <source>{name} is too large to be proposed on with all others.</source>
   <translation>{name} 太大，无法与其他图像一起生成候选。</translation>
  </message>
  <message>
   <source>{name} is {height}×{width} px, too large for a PNG mask: export it as TIFF label image.</source>
   <translation>{name} 为 {height}×{width} 像素，对 PNG 掩膜来说太大：请导出为 TIFF 标签图像。</translation>
  </message>
  <message>
   <source>{name} needs a reader that is not installed: pip install "unet-studio[{extra}]".</source>
   <translation>{name} 需要尚未安装的读取程序：请运行 pip install "unet-studio[{extra}]"。</translation>
  </message>
  <message>
   <source>{path} holds more than tensors and could run code when it is opened, so it is refused: save its state dict alone, or as safetensors.</source>
   <translation>{path} 中不只有张量，打开时可能运行代码，因此拒绝读取：请只保存其 state dict，或存为 safetensors。</translation>
  </message>
  <message>
   <source>{path} is no state dict (tensors by name).</source>
   <translation>{path} 不是 state dict（按名称存放的张量）。</translation>
  </message>
  <message>
   <source>{path} is not a project of U-Net Studio: it has no database.</source>
   <translation>{path} 不是 U-Net Studio 的项目：其中没有数据库。</translation>
  </message>
  <message>
   <source>{path} is not a run's request: {reason}.</source>
   <translation>{path} 不是训练运行的请求：{reason}。</translation>
  </message>
  <message>
   <source>{path} is not the config of a U-Net Studio model: {reason}.</source>
   <translation>{path} 不是 U-Net Studio 模型的配置：{reason}。</translation>
  </message>
  <message>
   <source>{reason} Presets: {presets}.</source>
   <translation>{reason}预设：{presets}。</translation>
  </message>
  <message>
   <source>{what} Train ▸ Resume the interrupted training goes on from its last measurement.</source>
   <translation>{what}可用“训练 ▸ 继续中断的训练”从最近一次测量处继续。</translation>
  </message>
 </context>
 <context>
  <name>export</name>
  <message>
   <source>Binary mask, PNG (0 and 255)</source>
   <translation>二值掩膜，PNG（0 和 255）</translation>
  </message>
  <message>
   <source>Choose…</source>
   <translation>选择…</translation>
  </message>
  <message>
   <source>Export</source>
   <translation>导出</translation>
  </message>
  <message>
   <source>Export masks</source>
   <translation>导出掩膜</translation>
  </message>
  <message>
   <source>Files are named after the images; planes of a stack NAME_t0000_z0000, counted from 0. Several formats go into one folder each.</source>
   <translation>文件以图像命名；图像栈的平面为 NAME_t0000_z0000，从 0 数起。多种格式时各放一个文件夹。</translation>
  </message>
  <message>
   <source>Folder</source>
   <translation>文件夹</translation>
  </message>
  <message>
   <source>Formats</source>
   <translation>格式</translation>
  </message>
  <message>
   <source>Label image, 16-bit PNG</source>
   <translation>标签图像，16 位 PNG</translation>
  </message>
  <message>
   <source>Label image, TIFF (uint16, int32 when needed)</source>
   <translation>标签图像，TIFF（uint16，必要时 int32）</translation>
  </message>
  <message>
   <source>Only checked images</source>
   <translation>只导出已核对的图像</translation>
  </message>
  <message>
   <source>Replace them</source>
   <translation>替换它们</translation>
  </message>
 </context>
 <context>
  <name>history</name>
  <message>
   <source>Edits up to {time} were trimmed to keep the history's size.</source>
   <translation>为控制历史的大小，{time} 及之前的编辑已删除。</translation>
  </message>
  <message>
   <source>Every edit of this image will stand here.

A click on one shows it as it was then.</source>
   <translation>此图像的每一步编辑都会列在这里。

单击其中一步即可查看当时的图像。</translation>
  </message>
  <message>
   <source>History</source>
   <translation>历史</translation>
  </message>
  <message>
   <source>Size of this project's history; its oldest edits go first</source>
   <translation>此项目历史的大小上限；超出时先删除最旧的编辑</translation>
  </message>
  <message>
   <source>The history takes {used}. Forget its oldest edits, down to {budget}?</source>
   <translation>历史占用 {used}。要删除最旧的编辑，缩减到 {budget} 吗？</translation>
  </message>
  <message>
   <source>{used} of {budget}</source>
   <translation>{used} / {budget}</translation>
  </message>
 </context>
 <context>
  <name>images</name>
  <message>
   <source>No images</source>
   <translation>没有图像</translation>
  </message>
  <message>
   <source>Only not checked</source>
   <translation>只显示未核对的</translation>
  </message>
  <message>
   <source>RGB</source>
   <translation>RGB</translation>
  </message>
  <message>
   <source>checked, {count} instances</source>
   <translation>已核对，{count} 个实例</translation>
  </message>
  <message>
   <source>grey</source>
   <translation>灰度</translation>
  </message>
  <message>
   <source>partly checked, {count} instances</source>
   <translation>部分核对，{count} 个实例</translation>
  </message>
  <message>
   <source>scene {number}</source>
   <translation>场景 {number}</translation>
  </message>
  <message>
   <source>t {place} of {count}</source>
   <translation>t {place} / {count}</translation>
  </message>
  <message>
   <source>untouched</source>
   <translation>未动过</translation>
  </message>
  <message>
   <source>z {place} of {count}</source>
   <translation>z {place} / {count}</translation>
  </message>
  <message>
   <source>{checked} of {count} checked</source>
   <translation>已核对 {checked} / {count}</translation>
  </message>
  <message>
   <source>{count} channels</source>
   <translation>{count} 个通道</translation>
  </message>
  <message>
   <source>{count} instances, not checked</source>
   <translation>{count} 个实例，未核对</translation>
  </message>
  <message>
   <source>{name}: {state}</source>
   <translation>{name}：{state}</translation>
  </message>
  <message>
   <source>{width} × {height}, {kind}, {bits}-bit</source>
   <translation>{width} × {height}，{kind}，{bits} 位</translation>
  </message>
 </context>
 <context>
  <name>instances</name>
  <message>
   <source>Area</source>
   <translation>面积</translation>
  </message>
  <message>
   <source>Class</source>
   <translation>类别</translation>
  </message>
  <message>
   <source>Filter: number, class, &gt;100, &lt;50</source>
   <translation>筛选：编号、类别、&gt;100、&lt;50</translation>
  </message>
  <message>
   <source>From</source>
   <translation>来源</translation>
  </message>
  <message>
   <source>No instances yet</source>
   <translation>还没有实例</translation>
  </message>
  <message>
   <source>No.</source>
   <translation>编号</translation>
  </message>
  <message>
   <source>drawn</source>
   <translation>手绘</translation>
  </message>
  <message>
   <source>proposed</source>
   <translation>模型生成</translation>
  </message>
  <message>
   <source>{count} instances, median area {area} px</source>
   <translation>{count} 个实例，面积中位数 {area} 像素</translation>
  </message>
 </context>
 <context>
  <name>jobs</name>
  <message>
   <source>A file</source>
   <translation>某个文件</translation>
  </message>
  <message>
   <source>Stop (Esc)</source>
   <translation>停止 (Esc)</translation>
  </message>
 </context>
 <context>
  <name>machine</name>
  <message>
   <source>A moment…</source>
   <translation>请稍候…</translation>
  </message>
  <message>
   <source>Computes on {device}.</source>
   <translation>在 {device} 上计算。</translation>
  </message>
  <message>
   <source>Copy all</source>
   <translation>全部复制</translation>
  </message>
  <message>
   <source>Devices</source>
   <translation>设备</translation>
  </message>
  <message>
   <source>Log</source>
   <translation>日志</translation>
  </message>
  <message>
   <source>Models</source>
   <translation>模型</translation>
  </message>
  <message>
   <source>Runs in</source>
   <translation>运行于</translation>
  </message>
  <message>
   <source>System</source>
   <translation>系统</translation>
  </message>
  <message>
   <source>What computes here</source>
   <translation>由什么计算</translation>
  </message>
  <message>
   <source>not there</source>
   <translation>没有</translation>
  </message>
 </context>
 <context>
  <name>menus</name>
  <message>
   <source>Class</source>
   <translation>类别</translation>
  </message>
  <message>
   <source>Commands</source>
   <translation>命令</translation>
  </message>
  <message>
   <source>Edit</source>
   <translation>编辑</translation>
  </message>
  <message>
   <source>File</source>
   <translation>文件</translation>
  </message>
  <message>
   <source>Help</source>
   <translation>帮助</translation>
  </message>
  <message>
   <source>Propose</source>
   <translation>候选</translation>
  </message>
  <message>
   <source>Repair</source>
   <translation>修整</translation>
  </message>
  <message>
   <source>Stack</source>
   <translation>图像栈</translation>
  </message>
  <message>
   <source>Tools</source>
   <translation>工具</translation>
  </message>
  <message>
   <source>Train</source>
   <translation>训练</translation>
  </message>
  <message>
   <source>View</source>
   <translation>视图</translation>
  </message>
 </context>
 <context>
  <name>model</name>
  <message>
   <source>Every project can choose the model {name} now. A copy is in {folder}.</source>
   <translation>现在所有项目都可以选择模型 {name}。副本在 {folder} 中。</translation>
  </message>
  <message>
   <source>How large the model sees the images of this project, when it proposes and when it learns. Automatic: so that cells look as wide as those it has learnt from.</source>
   <translation>生成候选和学习时，模型以多大的尺寸看此项目的图像。自动：使细胞看起来与它学过的一样宽。</translation>
  </message>
  <message>
   <source>Its scores are not known.</source>
   <translation>它的得分未知。</translation>
  </message>
  <message>
   <source>Learnt from cells about {px} px wide.</source>
   <translation>学自约 {px} 像素宽的细胞。</translation>
  </message>
  <message>
   <source>Look four times (slower)</source>
   <translation>预测四次取平均（较慢）</translation>
  </message>
  <message>
   <source>On its validation images: Dice {dice}, AP50 {ap50}.</source>
   <translation>在验证图像上：Dice {dice}，AP50 {ap50}。</translation>
  </message>
  <message>
   <source>Proposes by the mean of four mirrored views: mostly a little better, four times as long.</source>
   <translation>取四个镜像视图的平均来生成候选：多数情况下略好，耗时为四倍。</translation>
  </message>
  <message>
   <source>Reads {channel}</source>
   <translation>读取 {channel}</translation>
  </message>
  <message>
   <source>Size: 1/2, for wide cells</source>
   <translation>尺寸：1/2，用于较宽的细胞</translation>
  </message>
  <message>
   <source>Size: 1/4</source>
   <translation>尺寸：1/4</translation>
  </message>
  <message>
   <source>Size: 1/8</source>
   <translation>尺寸：1/8</translation>
  </message>
  <message>
   <source>Size: 2 ×, for tiny cells</source>
   <translation>尺寸：2 ×，用于很小的细胞</translation>
  </message>
  <message>
   <source>Size: as it is</source>
   <translation>尺寸：原样</translation>
  </message>
  <message>
   <source>Size: automatic</source>
   <translation>尺寸：自动</translation>
  </message>
  <message>
   <source>There is no model.</source>
   <translation>没有模型。</translation>
  </message>
  <message>
   <source>Tuned from {name}.</source>
   <translation>由 {name} 微调而来。</translation>
  </message>
  <message>
   <source>Which channel the model proposes on and learns from. Remembered for images like this one.</source>
   <translation>模型用哪个通道生成候选和学习。对同类图像会记住。</translation>
  </message>
  <message>
   <source>all channels</source>
   <translation>所有通道</translation>
  </message>
  <message>
   <source>haematoxylin (blue in tissue)</source>
   <translation>苏木精（组织中的蓝色）</translation>
  </message>
  <message>
   <source>{name} (shipped)</source>
   <translation>{name}（自带）</translation>
  </message>
 </context>
 <context>
  <name>palette</name>
  <message>
   <source>Find a command</source>
   <translation>查找命令</translation>
  </message>
  <message>
   <source>Type what you want to do</source>
   <translation>输入您想做的事</translation>
  </message>
 </context>
 <context>
  <name>past_bar</name>
  <message>
   <source>Back to now (Esc)</source>
   <translation>回到现在 (Esc)</translation>
  </message>
  <message>
   <source>Bring everything back</source>
   <translation>全部恢复</translation>
  </message>
  <message>
   <source>Bring instance back</source>
   <translation>恢复实例</translation>
  </message>
  <message>
   <source>Click an instance to bring it back. Nothing can be drawn here.</source>
   <translation>单击要恢复的实例。此处不能绘制。</translation>
  </message>
  <message>
   <source>Instance {id} is chosen. Nothing can be drawn here.</source>
   <translation>已选中实例 {id}。此处不能绘制。</translation>
  </message>
  <message>
   <source>The past: {time}, {edit}</source>
   <translation>过去：{time}，{edit}</translation>
  </message>
 </context>
 <context>
  <name>planes</name>
  <message>
   <source>The file does not name its axes:</source>
   <translation>文件没有说明各坐标轴：</translation>
  </message>
  <message>
   <source>What the planes of this file are. Remembered for files like it in this project.</source>
   <translation>此文件的各平面是什么。此项目中的同类文件会记住。</translation>
  </message>
  <message>
   <source>channels</source>
   <translation>通道</translation>
  </message>
 </context>
 <context>
  <name>proposing</name>
  <message>
   <source>Every image has labels or proposals already.</source>
   <translation>所有图像都已有标注或候选。</translation>
  </message>
  <message>
   <source>It was stopped: {left} of {total} images are left.</source>
   <translation>已停止：{total} 幅图像中还剩 {left} 幅。</translation>
  </message>
  <message>
   <source>Left out, because they cannot be read, are too large, or cannot be proposed on: {count} ({names}). Open them and press Ctrl+P to see why.</source>
   <translation>已跳过，因为无法读取、太大或无法生成候选：{count} 幅（{names}）。打开它们并按 Ctrl+P 可查看原因。</translation>
  </message>
  <message>
   <source>Only the middle {width} × {height} px of what is seen were proposed on; Ctrl+P proposes on the whole image.</source>
   <translation>只在可见部分中间的 {width} × {height} 像素上生成了候选；Ctrl+P 处理整幅图像。</translation>
  </message>
  <message>
   <source>Only what is seen was proposed on; Ctrl+P proposes on the whole image.</source>
   <translation>只在可见部分生成了候选；Ctrl+P 处理整幅图像。</translation>
  </message>
  <message>
   <source>Proposals on {images} images: {count}, by {model} in {seconds} s.</source>
   <translation>{images} 幅图像上的候选：{count} 个，由 {model} 生成，用时 {seconds} 秒。</translation>
  </message>
  <message>
   <source>Proposals: {count}, in {seconds} s. A accepts all; with Pick (I) click one, Enter accepts it.</source>
   <translation>候选：{count} 个，用时 {seconds} 秒。按 A 全部接受；或用选取工具 (I) 单击一个，按 Enter 接受。</translation>
  </message>
  <message>
   <source>Proposing on all images</source>
   <translation>正在所有图像上生成候选</translation>
  </message>
  <message>
   <source>Proposing on {name}</source>
   <translation>正在 {name} 上生成候选</translation>
  </message>
  <message>
   <source>Proposing on {name}: image {number} of {total}</source>
   <translation>正在 {name} 上生成候选：第 {number} 幅，共 {total} 幅</translation>
  </message>
  <message>
   <source>Proposing was stopped. Nothing was changed.</source>
   <translation>已停止生成候选。没有任何改动。</translation>
  </message>
  <message>
   <source>Stopped after {done} of {total} parts, which are kept: Ctrl+P goes on from there.</source>
   <translation>已在第 {done} 部分后停止（共 {total} 部分），已完成的保留：按 Ctrl+P 从那里继续。</translation>
  </message>
  <message>
   <source>The model read the haematoxylin only (see the panel Model).</source>
   <translation>模型只读取了苏木精染色的部分（见“模型”面板）。</translation>
  </message>
  <message>
   <source>The model {model} found nothing new here: draw some cells by hand, mark the image as checked and fine-tune.</source>
   <translation>模型 {model} 在这里没有找到新的细胞：请手工画几个，把图像标为已核对，再微调。</translation>
  </message>
  <message>
   <source>about {hours} h left</source>
   <translation>约剩 {hours} 小时</translation>
  </message>
  <message>
   <source>about {minutes} min left</source>
   <translation>约剩 {minutes} 分钟</translation>
  </message>
  <message>
   <source>{name}: {news}</source>
   <translation>{name}：{news}</translation>
  </message>
  <message>
   <source>{title}, {time_left}</source>
   <translation>{title}，{time_left}</translation>
  </message>
  <message>
   <source>{title}: part {part} of {total}</source>
   <translation>{title}：第 {part} 部分，共 {total} 部分</translation>
  </message>
 </context>
 <context>
  <name>repair_panel</name>
  <message>
   <source>All instances</source>
   <translation>所有实例</translation>
  </message>
  <message>
   <source>Small means fewer than</source>
   <translation>小实例指小于</translation>
  </message>
  <message>
   <source>Smooth, grow, shrink by</source>
   <translation>平滑、扩大、缩小的幅度</translation>
  </message>
  <message>
   <source>The selected instance</source>
   <translation>所选实例</translation>
  </message>
 </context>
 <context>
  <name>repairs</name>
  <message>
   <source>Deleted: {count}. Undo brings them back.</source>
   <translation>已删除 {count} 个。撤销可恢复它们。</translation>
  </message>
  <message>
   <source>Nothing to change: it is so already.</source>
   <translation>无需更改：已经如此。</translation>
  </message>
  <message>
   <source>Select an instance first, or choose All.</source>
   <translation>请先选择一个实例，或选“所有实例”。</translation>
  </message>
  <message>
   <source>There is no such instance on this image.</source>
   <translation>此图像上没有这样的实例。</translation>
  </message>
 </context>
 <context>
  <name>reviewing</name>
  <message>
   <source>No instance lies inside the line.</source>
   <translation>线内没有实例。</translation>
  </message>
  <message>
   <source>No proposal lies inside the line.</source>
   <translation>线内没有候选。</translation>
  </message>
  <message>
   <source>No proposal waits any more on this image.</source>
   <translation>此图像上没有待处理的候选了。</translation>
  </message>
 </context>
 <context>
  <name>rewriting</name>
  <message>
   <source>{name} was not done: its image, as it is now, is not shown any more.</source>
   <translation>未执行“{name}”：现在显示的已不是该图像的当前状态（已换到其他图像，或正在查看历史）。</translation>
  </message>
 </context>
 <context>
  <name>sentences</name>
  <message>
   <source>A CUDA GPU is there.</source>
   <translation>有可用的 CUDA GPU。</translation>
  </message>
  <message>
   <source>An Apple GPU is there.</source>
   <translation>有可用的 Apple GPU。</translation>
  </message>
  <message>
   <source>An Intel GPU is there.</source>
   <translation>有可用的 Intel GPU。</translation>
  </message>
  <message>
   <source>Ended at step {step}: nothing was gained since step {best_step}, whose weights were kept.</source>
   <translation>在第 {step} 步结束：自第 {best_step} 步以来没有进步，保留了那一步的权重。</translation>
  </message>
  <message>
   <source>In {step} steps nothing became better than the start on the validation pixels, so the model is the one it began with. Check more images, or try another learning rate than {rate}.</source>
   <translation>训练了 {step} 步，在验证像素上始终没有好过开始时，因此模型与开始时相同。请核对更多图像，或换一个不同于 {rate} 的学习率。</translation>
  </message>
  <message>
   <source>It was asked for.</source>
   <translation>这是指定的。</translation>
  </message>
  <message>
   <source>Left out, because their files are not there any more: {names}.</source>
   <translation>已略去，因为文件已不在：{names}。</translation>
  </message>
  <message>
   <source>Masks of one value in several pieces: {count}. Each piece is taken for an instance.</source>
   <translation>只有一个数值、分成多块的掩膜：{count} 个。每一块都当作一个实例。</translation>
  </message>
  <message>
   <source>Memory ran short: predicted in tiles of {tile_px} px instead.</source>
   <translation>内存不足：改为以 {tile_px} 像素的图块预测。</translation>
  </message>
  <message>
   <source>No GPU is usable: no NVIDIA GPU or driver was found.</source>
   <translation>没有可用的 GPU：没有找到 NVIDIA GPU 或驱动程序。</translation>
  </message>
  <message>
   <source>No GPU is usable: this build of PyTorch has no CUDA.</source>
   <translation>没有可用的 GPU：此版本的 PyTorch 不含 CUDA。</translation>
  </message>
  <message>
   <source>No training image holds {name}: the network cannot learn it.</source>
   <translation>没有训练图像含有 {name}：网络无法学会它。</translation>
  </message>
  <message>
   <source>Of what it learnt {percent} % are kept: that is as good on the validation pixels, and the model forgets less of what it knew.</source>
   <translation>所学的内容保留 {percent}%：在验证像素上同样好，而且模型对原有知识忘得更少。</translation>
  </message>
  <message>
   <source>Only the first {want} of the image's {have} channels feed the model.</source>
   <translation>只有图像 {have} 个通道中的前 {want} 个送入模型。</translation>
  </message>
  <message>
   <source>OpenVINO failed ({reason}): computed by PyTorch instead.</source>
   <translation>OpenVINO 失败（{reason}）：改用 PyTorch 计算。</translation>
  </message>
  <message>
   <source>OpenVINO is installed.</source>
   <translation>已安装 OpenVINO。</translation>
  </message>
  <message>
   <source>Pixels that are no number (NaN, infinite) count as black.</source>
   <translation>不是数字的像素（NaN、无穷大）按黑色处理。</translation>
  </message>
  <message>
   <source>Seen at {scale} times its size, because of how wide its cells are.</source>
   <translation>模型按 {scale} 倍大小读取此图像，因为要适应其中细胞的宽度。</translation>
  </message>
  <message>
   <source>Seen at {scale} times its size: a pixel is {image} µm, the model learnt at {model} µm.</source>
   <translation>模型按 {scale} 倍大小读取此图像：图像每像素 {image} µm，模型学习时每像素 {model} µm。</translation>
  </message>
  <message>
   <source>The GPU failed ({reason}): computed on the processor. If it stays so, start the program anew.</source>
   <translation>GPU 失败（{reason}）：改用处理器计算。如果一直如此，请重新启动程序。</translation>
  </message>
  <message>
   <source>The backup {name} is open. The damaged database is kept in {folder}.</source>
   <translation>已打开备份 {name}。损坏的数据库保存在 {folder} 中。</translation>
  </message>
  <message>
   <source>The first convolution of {file} was adapted from {have} to {want} input channels.</source>
   <translation>{file} 的第一层卷积由 {have} 个输入通道改为 {want} 个。</translation>
  </message>
  <message>
   <source>The image's {have} channels were turned into one grey channel for the model.</source>
   <translation>图像的 {have} 个通道已合成一个灰度通道供模型使用。</translation>
  </message>
  <message>
   <source>The images are seen at {scale} times their size: their cells are about {px} px wide.</source>
   <translation>模型按 {scale} 倍大小读取这些图像：其中的细胞约 {px} 像素宽。</translation>
  </message>
  <message>
   <source>The images have {have} channels; all were brought to the network's {want}.</source>
   <translation>图像有 {have} 个通道；已全部调整为网络的 {want} 个。</translation>
  </message>
  <message>
   <source>The memory of {device} is too small for this model: computed on the processor instead.</source>
   <translation>{device} 的内存不足以运行此模型：改用处理器计算。</translation>
  </message>
  <message>
   <source>The model wants {want} channels, the image has {have}: the others were left black. Where one channel alone shows the cells, let the model read only that one.</source>
   <translation>模型需要 {want} 个通道，图像有 {have} 个：其余留黑。如果只有一个通道显示细胞，请让模型只读取那一个。</translation>
  </message>
  <message>
   <source>The network is that of the model {name}: the one in the settings does not count.</source>
   <translation>使用模型 {name} 的网络：设置中的网络不起作用。</translation>
  </message>
  <message>
   <source>The processor multiplies in bfloat16 ({unit}).</source>
   <translation>处理器以 bfloat16 做乘法（{unit}）。</translation>
  </message>
  <message>
   <source>The training diverged at step {step}: the loss grew out of bounds. The best weights, of step {best_step}, were kept. Use a smaller learning rate than {rate}.</source>
   <translation>训练在第 {step} 步发散：损失无限增大。保留了第 {best_step} 步的最佳权重。请使用小于 {rate} 的学习率。</translation>
  </message>
  <message>
   <source>There are {count} CUDA devices.</source>
   <translation>共有 {count} 个 CUDA 设备。</translation>
  </message>
  <message>
   <source>These are few images: a quarter of each that can be cut validates.</source>
   <translation>图像不多：凡能切分的图像各取四分之一用于验证。</translation>
  </message>
  <message>
   <source>This is an older copy: the project was continued in {folder}.</source>
   <translation>这是较旧的副本：项目已在 {folder} 中继续。</translation>
  </message>
  <message>
   <source>This project was continued in {folder}: that one is open.</source>
   <translation>此项目已在 {folder} 中继续：打开的是那一个。</translation>
  </message>
  <message>
   <source>What validates holds no instance: the best weights are those with the lowest loss there.</source>
   <translation>用于验证的部分没有实例：最佳权重取那里损失最低的。</translation>
  </message>
  <message>
   <source>{first} {second}</source>
   <translation>{first}{second}</translation>
  </message>
  <message>
   <source>{precision} was asked for.</source>
   <translation>指定了 {precision}。</translation>
  </message>
 </context>
 <context>
  <name>session</name>
  <message>
   <source>A check found the project's database damaged ({reason}). What you draw is still written. Close and open the project: it then offers its newest backup.</source>
   <translation>检查发现项目的数据库已损坏（{reason}）。您画的内容仍在写入。请关闭并重新打开项目：届时会提供最新的备份。</translation>
  </message>
  <message>
   <source>Changes still wait to be written: continue in another folder first.</source>
   <translation>仍有改动等待写入：请先在另一个文件夹中继续。</translation>
  </message>
  <message>
   <source>Copying the project…</source>
   <translation>正在复制项目…</translation>
  </message>
  <message>
   <source>Everything is on the disk again.</source>
   <translation>所有内容又都已写入磁盘。</translation>
  </message>
  <message>
   <source>Nothing to accept: labels cover these proposals already.</source>
   <translation>没有可接受的：标注已覆盖这些候选。</translation>
  </message>
  <message>
   <source>Opening…</source>
   <translation>正在打开…</translation>
  </message>
  <message>
   <source>The automatic backup of the project could not be made ({reason}).</source>
   <translation>无法生成项目的自动备份（{reason}）。</translation>
  </message>
  <message>
   <source>The next stroke draws a new instance.</source>
   <translation>下一笔将画出新实例。</translation>
  </message>
  <message>
   <source>The project goes on in {folder}, but that could not be noted anywhere: next time, open it there with File ▸ Open project.</source>
   <translation>项目在 {folder} 中继续，但这一点无法记录到任何地方：下次请用“文件 ▸ 打开项目”在那里打开。</translation>
  </message>
  <message>
   <source>The project goes on in {folder}: what waited is being written there.</source>
   <translation>项目在 {folder} 中继续：等待的改动正写入那里。</translation>
  </message>
  <message>
   <source>the disk does not answer</source>
   <translation>磁盘没有响应</translation>
  </message>
  <message>
   <source>{name} is still being read: its drive answers slowly or not at all.</source>
   <translation>仍在读取 {name}：它的驱动器响应缓慢或没有响应。</translation>
  </message>
 </context>
 <context>
  <name>settings</name>
  <message>
   <source>AdamW is the default; the paper used SGD.</source>
   <translation>默认为 AdamW；论文使用 SGD。</translation>
  </message>
  <message>
   <source>Attention</source>
   <translation>注意力</translation>
  </message>
  <message>
   <source>Attention gates</source>
   <translation>注意力门</translation>
  </message>
  <message>
   <source>Automatic</source>
   <translation>自动</translation>
  </message>
  <message>
   <source>Automatic measures which is fastest on this machine.</source>
   <translation>自动：测出此计算机上哪种最快。</translation>
  </message>
  <message>
   <source>Balance classes</source>
   <translation>平衡类别</translation>
  </message>
  <message>
   <source>Batch</source>
   <translation>批归一化</translation>
  </message>
  <message>
   <source>Batch is fast and the default; group suits very small batches; the paper has none.</source>
   <translation>批归一化快，是默认值；组归一化适合很小的批；论文中没有。</translation>
  </message>
  <message>
   <source>Batch normalisation by each batch of patches, or as the model came with.</source>
   <translation>批归一化使用每批图像块的统计量，或模型自带的统计量。</translation>
  </message>
  <message>
   <source>Bicubic</source>
   <translation>双三次</translation>
  </message>
  <message>
   <source>Bilinear</source>
   <translation>双线性</translation>
  </message>
  <message>
   <source>Blocks</source>
   <translation>卷积块</translation>
  </message>
  <message>
   <source>Blur</source>
   <translation>模糊</translation>
  </message>
  <message>
   <source>Border weight</source>
   <translation>边界权重</translation>
  </message>
  <message>
   <source>Border width, px</source>
   <translation>边界宽度，像素</translation>
  </message>
  <message>
   <source>By any angle.</source>
   <translation>任意角度。</translation>
  </message>
  <message>
   <source>Channels of the first level; every level below has twice as many. The paper has 64.</source>
   <translation>第一层的通道数；往下每层加倍。论文中为 64。</translation>
  </message>
  <message>
   <source>Checked images that do not teach, but tell how good the network is.</source>
   <translation>不用于学习、只用来衡量网络好坏的已核对图像。</translation>
  </message>
  <message>
   <source>Colour to grey</source>
   <translation>彩色变灰</translation>
  </message>
  <message>
   <source>Compact</source>
   <translation>紧凑</translation>
  </message>
  <message>
   <source>Computes features again instead of keeping them: less memory, a third more time.</source>
   <translation>重新计算特征而不保留：内存更少，时间多三分之一。</translation>
  </message>
  <message>
   <source>Constant</source>
   <translation>恒定</translation>
  </message>
  <message>
   <source>Convolutions</source>
   <translation>卷积</translation>
  </message>
  <message>
   <source>Cosine</source>
   <translation>余弦</translation>
  </message>
  <message>
   <source>Cross entropy</source>
   <translation>交叉熵</translation>
  </message>
  <message>
   <source>Cross entropy that forgets easy pixels: how much it counts.</source>
   <translation>忽略易分像素的交叉熵：所占的分量。</translation>
  </message>
  <message>
   <source>Depth</source>
   <translation>深度</translation>
  </message>
  <message>
   <source>Dice</source>
   <translation>Dice</translation>
  </message>
  <message>
   <source>Dropout</source>
   <translation>随机失活（Dropout）</translation>
  </message>
  <message>
   <source>Elastic warp, px</source>
   <translation>弹性形变，像素</translation>
  </message>
  <message>
   <source>Encoder</source>
   <translation>编码器</translation>
  </message>
  <message>
   <source>End after so many measurements without gain; 0: never.</source>
   <translation>连续多少次测量没有进步就结束；0：不提前结束。</translation>
  </message>
  <message>
   <source>Exchange channels</source>
   <translation>交换通道</translation>
  </message>
  <message>
   <source>Exposure</source>
   <translation>曝光</translation>
  </message>
  <message>
   <source>Factor</source>
   <translation>系数</translation>
  </message>
  <message>
   <source>Far background</source>
   <translation>远处背景</translation>
  </message>
  <message>
   <source>Final rate</source>
   <translation>最终学习率</translation>
  </message>
  <message>
   <source>Focal</source>
   <translation>Focal</translation>
  </message>
  <message>
   <source>Focal gamma</source>
   <translation>Focal 的 γ</translation>
  </message>
  <message>
   <source>For SGD and RMSprop; the paper's is 0.99.</source>
   <translation>用于 SGD 和 RMSprop；论文中为 0.99。</translation>
  </message>
  <message>
   <source>Freeze</source>
   <translation>冻结</translation>
  </message>
  <message>
   <source>Freiburg plugin</source>
   <translation>弗莱堡插件</translation>
  </message>
  <message>
   <source>Gates every channel by what the whole window looks like: the reduction, 0 for none.</source>
   <translation>按整个输入区域的内容调节每个通道的强弱：压缩比，0 为不用。</translation>
  </message>
  <message>
   <source>Group</source>
   <translation>组归一化</translation>
  </message>
  <message>
   <source>Half of the patches.</source>
   <translation>一半的图像块。</translation>
  </message>
  <message>
   <source>How close is close.</source>
   <translation>多近算近。</translation>
  </message>
  <message>
   <source>How far is far, px</source>
   <translation>多远算远，像素</translation>
  </message>
  <message>
   <source>How little easy pixels count.</source>
   <translation>降低易分像素分量的程度。</translation>
  </message>
  <message>
   <source>How many times the image is halved.</source>
   <translation>图像减半的次数。</translation>
  </message>
  <message>
   <source>How much more pixels between close cells count. 10 in the paper, 50 in Freiburg's plugin.</source>
   <translation>相近细胞之间的像素额外增加的权重。论文中为 10，弗莱堡插件中为 50。</translation>
  </message>
  <message>
   <source>How the expanding path doubles the size.</source>
   <translation>扩展路径如何把尺寸加倍。</translation>
  </message>
  <message>
   <source>How the learning rate changes over the run.</source>
   <translation>学习率在训练过程中如何变化。</translation>
  </message>
  <message>
   <source>Instance</source>
   <translation>实例归一化</translation>
  </message>
  <message>
   <source>Invert</source>
   <translation>反相</translation>
  </message>
  <message>
   <source>Keeps weights small.</source>
   <translation>使权重保持较小。</translation>
  </message>
  <message>
   <source>Kept</source>
   <translation>保持不变</translation>
  </message>
  <message>
   <source>Largest shift beside the random place.</source>
   <translation>在随机取位的基础上再平移的最大距离。</translation>
  </message>
  <message>
   <source>Learning rate</source>
   <translation>学习率</translation>
  </message>
  <message>
   <source>Longer ones are cut to it; 0 cuts none.</source>
   <translation>更长的梯度被截到此长度；0 为不截。</translation>
  </message>
  <message>
   <source>Longest gradient</source>
   <translation>梯度长度上限</translation>
  </message>
  <message>
   <source>Measurements without gain before the rate falls.</source>
   <translation>学习率下降之前允许没有进步的测量次数。</translation>
  </message>
  <message>
   <source>Mirror</source>
   <translation>镜像</translation>
  </message>
  <message>
   <source>Momentum</source>
   <translation>动量</translation>
  </message>
  <message>
   <source>More are steadier and need more memory.</source>
   <translation>越多越稳定，需要的内存也越多。</translation>
  </message>
  <message>
   <source>More or less of each dye; only for colour images.</source>
   <translation>随机增减每种染料的浓淡；只用于彩色图像。</translation>
  </message>
  <message>
   <source>Nearest</source>
   <translation>最近邻</translation>
  </message>
  <message>
   <source>Noise</source>
   <translation>噪声</translation>
  </message>
  <message>
   <source>None</source>
   <translation>无</translation>
  </message>
  <message>
   <source>Normalisation</source>
   <translation>归一化</translation>
  </message>
  <message>
   <source>Normalisation weights begin at 1 ± this.</source>
   <translation>归一化权重从 1 ± 此值开始。</translation>
  </message>
  <message>
   <source>Nothing</source>
   <translation>不冻结</translation>
  </message>
  <message>
   <source>Of the patches</source>
   <translation>取自图像块</translation>
  </message>
  <message>
   <source>On a plateau</source>
   <translation>停滞时下降</translation>
  </message>
  <message>
   <source>One cycle</source>
   <translation>单周期</translation>
  </message>
  <message>
   <source>Optimiser</source>
   <translation>优化器</translation>
  </message>
  <message>
   <source>Other dyes</source>
   <translation>其他染料</translation>
  </message>
  <message>
   <source>Overlap as a loss: how much it counts.</source>
   <translation>以重叠程度作为损失：所占的分量。</translation>
  </message>
  <message>
   <source>Padded</source>
   <translation>补边</translation>
  </message>
  <message>
   <source>Paper 2015</source>
   <translation>论文 2015</translation>
  </message>
  <message>
   <source>Patch side, px</source>
   <translation>图像块边长，像素</translation>
  </message>
  <message>
   <source>Patches a step</source>
   <translation>每步图像块数</translation>
  </message>
  <message>
   <source>Patience</source>
   <translation>容忍次数</translation>
  </message>
  <message>
   <source>Plain</source>
   <translation>普通</translation>
  </message>
  <message>
   <source>Plateau</source>
   <translation>停滞容忍次数</translation>
  </message>
  <message>
   <source>Precision</source>
   <translation>精度</translation>
  </message>
  <message>
   <source>Random displacements of a 3×3 grid, as in the paper.</source>
   <translation>3×3 网格的随机位移，如论文所述。</translation>
  </message>
  <message>
   <source>Rare classes weigh as much in all as frequent ones.</source>
   <translation>少见类别的总权重与常见类别相同。</translation>
  </message>
  <message>
   <source>Residual</source>
   <translation>残差</translation>
  </message>
  <message>
   <source>Residual (ResNet-34)</source>
   <translation>残差（ResNet-34）</translation>
  </message>
  <message>
   <source>Residual blocks add a shortcut around two convolutions.</source>
   <translation>残差块在两个卷积旁加一条捷径。</translation>
  </message>
  <message>
   <source>Residual, pre-activation</source>
   <translation>残差，预激活</translation>
  </message>
  <message>
   <source>Rotate</source>
   <translation>旋转</translation>
  </message>
  <message>
   <source>Save memory</source>
   <translation>节省内存</translation>
  </message>
  <message>
   <source>Schedule</source>
   <translation>学习率计划</translation>
  </message>
  <message>
   <source>Seed</source>
   <translation>随机种子</translation>
  </message>
  <message>
   <source>Share for validation</source>
   <translation>验证比例</translation>
  </message>
  <message>
   <source>Share of colour patches turned grey.</source>
   <translation>变为灰度的彩色图像块比例。</translation>
  </message>
  <message>
   <source>Share of patches in dyes of random colours.</source>
   <translation>以随机颜色的染料显示的图像块比例。</translation>
  </message>
  <message>
   <source>Share of patches only mirrored and turned by right angles: as sharp as the image.</source>
   <translation>只做镜像和直角旋转的图像块比例：与图像一样清晰。</translation>
  </message>
  <message>
   <source>Share of patches with inverted grey values.</source>
   <translation>灰度反相的图像块比例。</translation>
  </message>
  <message>
   <source>Share of the deepest features left out at random while learning.</source>
   <translation>学习时随机略去的最深层特征比例。</translation>
  </message>
  <message>
   <source>Share of the rate that is left at the end.</source>
   <translation>结束时剩余的学习率比例。</translation>
  </message>
  <message>
   <source>Share of the run between two steps.</source>
   <translation>两次下降之间占整个训练的比例。</translation>
  </message>
  <message>
   <source>Share of the run in which the rate rises.</source>
   <translation>学习率上升阶段占整个训练的比例。</translation>
  </message>
  <message>
   <source>Share with their channels in another order.</source>
   <translation>打乱通道顺序的比例。</translation>
  </message>
  <message>
   <source>Shift, px</source>
   <translation>平移，像素</translation>
  </message>
  <message>
   <source>Side of the squares the network learns from; several times the size of a cell.</source>
   <translation>网络学习所用方块的边长；应为细胞大小的数倍。</translation>
  </message>
  <message>
   <source>Spread of norm weights</source>
   <translation>归一化权重的离散度</translation>
  </message>
  <message>
   <source>Squeeze-and-excitation</source>
   <translation>压缩与激励</translation>
  </message>
  <message>
   <source>Stain</source>
   <translation>染色</translation>
  </message>
  <message>
   <source>Standard</source>
   <translation>标准</translation>
  </message>
  <message>
   <source>Statistics</source>
   <translation>统计量</translation>
  </message>
  <message>
   <source>Step every</source>
   <translation>下降间隔</translation>
  </message>
  <message>
   <source>Steps</source>
   <translation>分步下降</translation>
  </message>
  <message>
   <source>Strength of a ramp of brightness.</source>
   <translation>亮度渐变的强度。</translation>
  </message>
  <message>
   <source>Strength of gamma, contrast and brightness changes.</source>
   <translation>伽马、对比度和亮度变化的强度。</translation>
  </message>
  <message>
   <source>Strength.</source>
   <translation>强度。</translation>
  </message>
  <message>
   <source>The contracting path: the paper's own, or a ResNet, whose published weights can be loaded.</source>
   <translation>收缩路径：论文原本的，或可载入公开权重的 ResNet。</translation>
  </message>
  <message>
   <source>The distance at which it has faded.</source>
   <translation>权重衰减到很小时的距离。</translation>
  </message>
  <message>
   <source>The highest of the run. Smaller is safer and slower.</source>
   <translation>训练中的最高值。越小越稳妥，也越慢。</translation>
  </message>
  <message>
   <source>The paper's loss, weighted pixel by pixel: how much it counts.</source>
   <translation>论文的损失，逐像素加权：所占的分量。</translation>
  </message>
  <message>
   <source>The same seed and data give the same training.</source>
   <translation>相同的种子和数据得到相同的训练。</translation>
  </message>
  <message>
   <source>Times this at every step, or on a plateau.</source>
   <translation>每次下降或停滞时乘以此数。</translation>
  </message>
  <message>
   <source>Transposed convolution</source>
   <translation>转置卷积</translation>
  </message>
  <message>
   <source>Uneven light</source>
   <translation>光照不均</translation>
  </message>
  <message>
   <source>Unwarped</source>
   <translation>不形变</translation>
  </message>
  <message>
   <source>Up to so many times larger or smaller.</source>
   <translation>最多放大或缩小多少倍。</translation>
  </message>
  <message>
   <source>Up-sampling</source>
   <translation>上采样</translation>
  </message>
  <message>
   <source>Valid (paper)</source>
   <translation>不补边（论文）</translation>
  </message>
  <message>
   <source>Valid ones lose a pixel on every side, as in the paper; padded ones keep the size.</source>
   <translation>不补边的每侧减少一个像素，如论文所述；补边的保持大小。</translation>
  </message>
  <message>
   <source>Warm-up</source>
   <translation>预热</translation>
  </message>
  <message>
   <source>Weight decay</source>
   <translation>权重衰减</translation>
  </message>
  <message>
   <source>What background far from any cell weighs; 1: as much as any other.</source>
   <translation>远离所有细胞的背景的权重；1：与其他像素相同。</translation>
  </message>
  <message>
   <source>What comes up decides which pixels of a skip connection pass.</source>
   <translation>由上行的特征决定跳跃连接的哪些像素通过。</translation>
  </message>
  <message>
   <source>What keeps its weights: a frozen encoder learns faster, and less.</source>
   <translation>哪些部分保持权重不变：冻结编码器学得更快，也学得更少。</translation>
  </message>
  <message>
   <source>Width</source>
   <translation>宽度</translation>
  </message>
  <message>
   <source>Zoom</source>
   <translation>缩放</translation>
  </message>
  <message>
   <source>never</source>
   <translation>从不</translation>
  </message>
 </context>
 <context>
  <name>shortcuts</name>
  <message>
   <source>Abort what is being drawn</source>
   <translation>放弃正在画的内容</translation>
  </message>
  <message>
   <source>All as at first</source>
   <translation>全部恢复默认</translation>
  </message>
  <message>
   <source>Alt + drag</source>
   <translation>Alt + 拖动</translation>
  </message>
  <message>
   <source>Brush size</source>
   <translation>画笔大小</translation>
  </message>
  <message>
   <source>Choose a command, then press its new key.</source>
   <translation>选择一个命令，然后按下它的新按键。</translation>
  </message>
  <message>
   <source>Command</source>
   <translation>命令</translation>
  </message>
  <message>
   <source>Ctrl + wheel</source>
   <translation>Ctrl + 滚轮</translation>
  </message>
  <message>
   <source>Erase with the brush, take away with an outline</source>
   <translation>用画笔擦除，用轮廓减去</translation>
  </message>
  <message>
   <source>Esc</source>
   <translation>Esc</translation>
  </message>
  <message>
   <source>Find a command or a key</source>
   <translation>查找命令或按键</translation>
  </message>
  <message>
   <source>Keyboard shortcuts</source>
   <translation>键盘快捷键</translation>
  </message>
  <message>
   <source>Keys</source>
   <translation>按键</translation>
  </message>
  <message>
   <source>New key</source>
   <translation>新按键</translation>
  </message>
  <message>
   <source>No key</source>
   <translation>清除按键</translation>
  </message>
  <message>
   <source>Pan</source>
   <translation>平移视图</translation>
  </message>
  <message>
   <source>Set</source>
   <translation>应用</translation>
  </message>
  <message>
   <source>Space + drag, middle button</source>
   <translation>空格 + 拖动，鼠标中键</translation>
  </message>
  <message>
   <source>Space belongs to panning: choose another key.</source>
   <translation>空格用于平移视图：请选择其他按键。</translation>
  </message>
  <message>
   <source>Wheel</source>
   <translation>滚轮</translation>
  </message>
  <message>
   <source>Zoom at the pointer</source>
   <translation>以指针为中心缩放</translation>
  </message>
  <message>
   <source>{key} belongs to: {names}. Set takes it from there.</source>
   <translation>{key} 属于：{names}。按“应用”会把它从那里移过来。</translation>
  </message>
 </context>
 <context>
  <name>stacks</name>
  <message>
   <source>Nothing was drawn: labels lie there already.</source>
   <translation>没有画出任何内容：那里已有标注。</translation>
  </message>
  <message>
   <source>Planes that were drawn on: {count}. Each has its own undo.</source>
   <translation>已在 {count} 个平面上绘制。每个平面需分别撤销。</translation>
  </message>
  <message>
   <source>Select an instance that is drawn on two planes.</source>
   <translation>请选择在两个平面上都画过的实例。</translation>
  </message>
  <message>
   <source>There is nothing on this plane to copy.</source>
   <translation>此平面上没有可复制的内容。</translation>
  </message>
  <message>
   <source>This is the last plane of the stack.</source>
   <translation>这是图像栈的最后一个平面。</translation>
  </message>
 </context>
 <context>
  <name>time_travel</name>
  <message>
   <source>Beginning</source>
   <translation>最初状态</translation>
  </message>
  <message>
   <source>Instance {id} is as it was at {time}. Undo takes that back.</source>
   <translation>实例 {id} 已恢复为 {time} 的样子。可用“撤销”取消此次恢复。</translation>
  </message>
  <message>
   <source>Instance {id} is still as it was at {time}: nothing to change.</source>
   <translation>实例 {id} 仍是 {time} 的样子：无需更改。</translation>
  </message>
  <message>
   <source>Redo: {name}</source>
   <translation>重做：{name}</translation>
  </message>
  <message>
   <source>The image is as it was at {time}. Undo takes that back.</source>
   <translation>图像已恢复为 {time} 的样子。可用“撤销”取消此次恢复。</translation>
  </message>
  <message>
   <source>The image is still as it was at {time}: nothing to change.</source>
   <translation>图像仍是 {time} 的样子：无需更改。</translation>
  </message>
  <message>
   <source>Undo: {name}</source>
   <translation>撤销：{name}</translation>
  </message>
 </context>
 <context>
  <name>tool_panel</name>
  <message>
   <source>Diameter: wheel, or [ and ]</source>
   <translation>直径：滚轮，或 [ 和 ]</translation>
  </message>
  <message>
   <source>Erase the selected instance only</source>
   <translation>只擦除所选实例</translation>
  </message>
  <message>
   <source>Nothing to set for this tool. Its keys are in the line at the bottom.</source>
   <translation>此工具没有可设置的内容。它的按键见窗口底部。</translation>
  </message>
  <message>
   <source>Only inside the selected</source>
   <translation>只在所选实例内</translation>
  </message>
  <message>
   <source>Only inside the selected: what you draw becomes an instance of its own within it</source>
   <translation>只在所选实例内：画出的部分在其中成为单独的实例</translation>
  </message>
  <message>
   <source>Only on background</source>
   <translation>只在背景上</translation>
  </message>
  <message>
   <source>Over everything</source>
   <translation>覆盖一切</translation>
  </message>
  <message>
   <source>Paints</source>
   <translation>绘制范围</translation>
  </message>
  <message>
   <source>Pen pressure changes the size</source>
   <translation>压感改变大小</translation>
  </message>
  <message>
   <source>Size</source>
   <translation>大小</translation>
  </message>
  <message>
   <source>Size in screen pixels</source>
   <translation>大小以屏幕像素计</translation>
  </message>
  <message>
   <source>The brush looks the same at every zoom: it grows as you zoom out</source>
   <translation>画笔在任何缩放下看起来一样大：视图缩小时它随之变大</translation>
  </message>
  <message>
   <source>Tolerance</source>
   <translation>容差</translation>
  </message>
 </context>
 <context>
  <name>tools</name>
  <message>
   <source>, cut {reach} px from the click</source>
   <translation>，在距单击处 {reach} 像素处截断</translation>
  </message>
  <message>
   <source>Accept by lasso: drag around proposals; those mostly inside become labels.</source>
   <translation>用套索接受：沿候选周围拖动；大部分在内的成为标注。</translation>
  </message>
  <message>
   <source>Box: drag a box around a cell; the cell in it is found.</source>
   <translation>框选：在细胞周围拖出方框；自动找到其中的细胞。</translation>
  </message>
  <message>
   <source>Brush: drag to paint the selected instance, N: new one. Alt erases, F fills holes, wheel or [ ]: size.</source>
   <translation>画笔：拖动以涂画所选实例，N 新建。Alt 擦除，F 填充孔洞，滚轮或 [ ] 调大小。</translation>
  </message>
  <message>
   <source>Delete by lasso: drag around instances; those mostly inside are deleted.</source>
   <translation>用套索删除：沿实例周围拖动；大部分在内的被删除。</translation>
  </message>
  <message>
   <source>Eraser: drag to erase. Wheel or [ ]: size.</source>
   <translation>橡皮：拖动以擦除。滚轮或 [ ] 调大小。</translation>
  </message>
  <message>
   <source>Grow: click into a cell; the outline it has in the image (or for the model) is taken.</source>
   <translation>生长：单击细胞内部；取它在图像中（或模型认为）的轮廓。</translation>
  </message>
  <message>
   <source>Lasso: drag around a cell, letting go fills it. Begun in the selected one it adds; Alt takes away.</source>
   <translation>套索：沿细胞周围拖动，松开即填充。从所选实例内开始为添加；Alt 为减去。</translation>
  </message>
  <message>
   <source>Magic wand: click into a cell; drag right for more grey values, left for fewer. Alt takes away.</source>
   <translation>魔棒：单击细胞内部；向右拖取更多灰度，向左取更少。Alt 为减去。</translation>
  </message>
  <message>
   <source>Merge: click two instances, or drag across all that are one. The first keeps its number.</source>
   <translation>合并：单击两个实例，或拖过同属一个细胞的所有实例。保留第一个的编号。</translation>
  </message>
  <message>
   <source>No cell stands out in this box: draw it closer, or use the brush.</source>
   <translation>此框中没有突出的细胞：请画得更贴近，或使用画笔。</translation>
  </message>
  <message>
   <source>No instance is selected: click one with Pick (I) first.</source>
   <translation>没有选中实例：请先用选取工具 (I) 单击一个。</translation>
  </message>
  <message>
   <source>Nothing stands out there: click nearer to a middle, or draw it with the brush.</source>
   <translation>那里没有突出的内容：请单击更靠近中心处，或用画笔绘制。</translation>
  </message>
  <message>
   <source>Nothing was drawn: labels lie there already. Under Tool ▸ Paints, choose Over everything.</source>
   <translation>没有画出任何内容：那里已有标注。请在“工具”面板的“绘制范围”中选择“覆盖一切”。</translation>
  </message>
  <message>
   <source>Nothing was merged: there is no instance. Proposals can be merged when accepted.</source>
   <translation>没有合并：那里没有实例。候选接受之后才能合并。</translation>
  </message>
  <message>
   <source>Nothing was split: the line has to cross an instance from side to side. Proposals can be split when they are accepted.</source>
   <translation>没有拆分：线必须从一侧到另一侧穿过实例。候选接受之后才能拆分。</translation>
  </message>
  <message>
   <source>Pick: click an instance or a proposal. Enter accepts the proposal, Del removes either.</source>
   <translation>选取：单击实例或候选。Enter 接受候选，Del 删除实例或拒绝候选。</translation>
  </message>
  <message>
   <source>Polygon: click the corners; the first one again, Enter or a double click closes it. Alt: take away.</source>
   <translation>多边形：逐个单击顶点；再次单击第一个、按 Enter 或双击即闭合。Alt 为减去。</translation>
  </message>
  <message>
   <source>Reject by lasso: drag around proposals; those mostly inside are put aside.</source>
   <translation>用套索拒绝：沿候选周围拖动；大部分在内的被拒绝。</translation>
  </message>
  <message>
   <source>Ruler: drag a line to measure it.</source>
   <translation>标尺：拖出一条线以测量。</translation>
  </message>
  <message>
   <source>Smart edge: click along an edge, the line finds it. The first point, Enter or a double click closes it.</source>
   <translation>智能边缘：沿边缘单击，线条自动贴合。再次单击第一个点、按 Enter 或双击即闭合。</translation>
  </message>
  <message>
   <source>Split at waists: press on an instance, drag right for more pieces, left for fewer.</source>
   <translation>在缢缩处拆分：按住实例，向右拖分为更多块，向左更少。</translation>
  </message>
  <message>
   <source>Split: drag a line across an instance; the pieces become instances of their own.</source>
   <translation>拆分：拖一条线穿过实例；各块成为单独的实例。</translation>
  </message>
  <message>
   <source>The box is {size} px wide: draw one around a single cell, at most {most} px.</source>
   <translation>此框宽 {size} 像素：请围绕单个细胞画框，最多 {most} 像素。</translation>
  </message>
  <message>
   <source>The past: click an instance to choose it. Esc returns to now.</source>
   <translation>过去：单击实例以选择它。Esc 回到现在。</translation>
  </message>
  <message>
   <source>This instance has no waist: split it along a line.</source>
   <translation>此实例没有缢缩处：请沿线拆分。</translation>
  </message>
  <message>
   <source>This instance is too large to be split at its waists: draw a line.</source>
   <translation>此实例太大，无法在缢缩处拆分：请画一条线。</translation>
  </message>
  <message>
   <source>and …</source>
   <translation>与…</translation>
  </message>
  <message>
   <source>merge {count}</source>
   <translation>合并 {count} 个</translation>
  </message>
  <message>
   <source>tolerance {value}</source>
   <translation>容差 {value}</translation>
  </message>
  <message>
   <source>{count} of up to {most} pieces</source>
   <translation>{count} 块，最多 {most} 块</translation>
  </message>
  <message>
   <source>{length} px</source>
   <translation>{length} 像素</translation>
  </message>
 </context>
 <context>
  <name>train</name>
  <message>
   <source>Advanced</source>
   <translation>高级</translation>
  </message>
  <message>
   <source>Border weights</source>
   <translation>边界权重</translation>
  </message>
  <message>
   <source>Fine-tune {model}</source>
   <translation>微调 {model}</translation>
  </message>
  <message>
   <source>ImageNet weights of this ResNet as torchvision publishes them, from a file.</source>
   <translation>torchvision 发布的此 ResNet 的 ImageNet 权重，从文件载入。</translation>
  </message>
  <message>
   <source>Learning</source>
   <translation>学习</translation>
  </message>
  <message>
   <source>Learning rate</source>
   <translation>学习率</translation>
  </message>
  <message>
   <source>Learns from 1 checked image.</source>
   <translation>从 1 幅已核对的图像学习。</translation>
  </message>
  <message>
   <source>Learns from {count} checked images.</source>
   <translation>从 {count} 幅已核对的图像学习。</translation>
  </message>
  <message>
   <source>Length</source>
   <translation>时长</translation>
  </message>
  <message>
   <source>Loss</source>
   <translation>损失</translation>
  </message>
  <message>
   <source>Loss and weights</source>
   <translation>损失与权重</translation>
  </message>
  <message>
   <source>Network</source>
   <translation>网络</translation>
  </message>
  <message>
   <source>New model's name</source>
   <translation>新模型的名称</translation>
  </message>
  <message>
   <source>New network: {name}</source>
   <translation>新网络：{name}</translation>
  </message>
  <message>
   <source>Published weights</source>
   <translation>公开权重</translation>
  </message>
  <message>
   <source>Published weights…</source>
   <translation>公开权重…</translation>
  </message>
  <message>
   <source>Set to…</source>
   <translation>设为…</translation>
  </message>
  <message>
   <source>Start</source>
   <translation>开始</translation>
  </message>
  <message>
   <source>Start from</source>
   <translation>起点</translation>
  </message>
  <message>
   <source>Steps</source>
   <translation>训练设置</translation>
  </message>
  <message>
   <source>The name may hold letters, digits, spaces, - and _.</source>
   <translation>名称可以包含字母、数字、空格、- 和 _。</translation>
  </message>
  <message>
   <source>There is a model of this name already.</source>
   <translation>已有同名的模型。</translation>
  </message>
  <message>
   <source>Train</source>
   <translation>训练</translation>
  </message>
  <message>
   <source>Variation</source>
   <translation>数据增强</translation>
  </message>
  <message>
   <source>Weights</source>
   <translation>权重</translation>
  </message>
  <message>
   <source>epochs</source>
   <translation>轮</translation>
  </message>
  <message>
   <source>minutes</source>
   <translation>分钟</translation>
  </message>
 </context>
 <context>
  <name>training</name>
  <message>
   <source>Cancel</source>
   <translation>取消</translation>
  </message>
  <message>
   <source>Dice on held-out pixels: {before} before, {now} now.</source>
   <translation>未参与学习的像素上的 Dice：之前 {before}，现在 {now}。</translation>
  </message>
  <message>
   <source>Images that teach: {training}, that validate: {validation}. Computes on {device}.</source>
   <translation>用于学习的图像：{training}，用于验证：{validation}。在 {device} 上计算。</translation>
  </message>
  <message>
   <source>Loss</source>
   <translation>损失</translation>
  </message>
  <message>
   <source>Mark corrected images as checked (C), then Train ▸ Fine-tune… teaches the model.</source>
   <translation>把修正好的图像标为已核对 (C)，然后用“训练 ▸ 微调…”让模型学习。</translation>
  </message>
  <message>
   <source>On held-out pixels: Dice {dice} before, {dice_now} now; AP50 {ap} before, {ap_now} now.</source>
   <translation>在未参与学习的像素上：Dice 之前 {dice}，现在 {dice_now}；AP50 之前 {ap}，现在 {ap_now}。</translation>
  </message>
  <message>
   <source>Step {step}: Dice {dice}</source>
   <translation>第 {step} 步：Dice {dice}</translation>
  </message>
  <message>
   <source>Step {step}: training loss {loss}</source>
   <translation>第 {step} 步：训练损失 {loss}</translation>
  </message>
  <message>
   <source>Stop, keep the best</source>
   <translation>停止，保留最佳</translation>
  </message>
  <message>
   <source>The model {name} is ready and proposes from now on.</source>
   <translation>模型 {name} 已就绪，从现在起由它生成候选。</translation>
  </message>
  <message>
   <source>The model {name} is ready, in its project: {folder}.</source>
   <translation>模型 {name} 已就绪，在它的项目中：{folder}。</translation>
  </message>
  <message>
   <source>The training was cancelled. The model is as it was before.</source>
   <translation>训练已取消。模型与之前一样。</translation>
  </message>
  <message>
   <source>Training goes on</source>
   <translation>正在继续训练</translation>
  </message>
  <message>
   <source>Training {name}</source>
   <translation>正在训练 {name}</translation>
  </message>
  <message>
   <source>Validation</source>
   <translation>验证</translation>
  </message>
  <message>
   <source>best so far: step {step}, Dice {dice}</source>
   <translation>目前最佳：第 {step} 步，Dice {dice}</translation>
  </message>
  <message>
   <source>training</source>
   <translation>训练</translation>
  </message>
  <message>
   <source>validation</source>
   <translation>验证</translation>
  </message>
 </context>
 <context>
  <name>variation</name>
  <message>
   <source>A moment…</source>
   <translation>请稍候…</translation>
  </message>
  <message>
   <source>As the network sees your images; outlines are its targets.</source>
   <translation>网络看到的您的图像；轮廓是它的学习目标。</translation>
  </message>
  <message>
   <source>Bright: pixels that count much, between close cells.</source>
   <translation>明亮处：分量很大的像素，位于相近细胞之间。</translation>
  </message>
  <message>
   <source>Other patches</source>
   <translation>换一批图像块</translation>
  </message>
  <message>
   <source>Show weights</source>
   <translation>显示权重</translation>
  </message>
 </context>
 <context>
  <name>window</name>
  <message>
   <source>A training is running. Close and interrupt it? Train ▸ Resume can go on with it.</source>
   <translation>正在训练。要关闭并中断它吗？以后可以用“训练 ▸ 继续中断的训练”接着做。</translation>
  </message>
  <message>
   <source>About U-Net Studio</source>
   <translation>关于 U-Net Studio</translation>
  </message>
  <message>
   <source>Accept all</source>
   <translation>全部接受</translation>
  </message>
  <message>
   <source>All changes saved</source>
   <translation>所有改动已保存</translation>
  </message>
  <message>
   <source>Another folder…</source>
   <translation>其他文件夹…</translation>
  </message>
  <message>
   <source>Classes</source>
   <translation>类别</translation>
  </message>
  <message>
   <source>Close</source>
   <translation>关闭</translation>
  </message>
  <message>
   <source>Close and lose them</source>
   <translation>关闭并放弃改动</translation>
  </message>
  <message>
   <source>Display</source>
   <translation>显示</translation>
  </message>
  <message>
   <source>Drop images or a folder here, or open one: Ctrl+Shift+O</source>
   <translation>把图像或文件夹拖到这里，或打开：Ctrl+Shift+O</translation>
  </message>
  <message>
   <source>Exporting…</source>
   <translation>正在导出…</translation>
  </message>
  <message>
   <source>Files are being written: the window closes when they are there.</source>
   <translation>正在写入文件：写完后窗口会关闭。</translation>
  </message>
  <message>
   <source>Go on in which folder? The project is copied there.</source>
   <translation>在哪个文件夹中继续？项目会复制到那里。</translation>
  </message>
  <message>
   <source>Go on trying</source>
   <translation>继续尝试</translation>
  </message>
  <message>
   <source>History</source>
   <translation>历史</translation>
  </message>
  <message>
   <source>Images</source>
   <translation>图像</translation>
  </message>
  <message>
   <source>Images without a mask there: {count}.</source>
   <translation>没有导出掩膜的图像：{count} 幅。</translation>
  </message>
  <message>
   <source>Instances</source>
   <translation>实例</translation>
  </message>
  <message>
   <source>It is the right one</source>
   <translation>就是这个文件</translation>
  </message>
  <message>
   <source>Masks of such images that an earlier export wrote are still there: {count}.</source>
   <translation>此前导出的这类图像的掩膜仍在那里：{count} 个。</translation>
  </message>
  <message>
   <source>Masks written to {folder}: {count}.</source>
   <translation>掩膜已写入 {folder}：{count} 个。</translation>
  </message>
  <message>
   <source>Model</source>
   <translation>模型</translation>
  </message>
  <message>
   <source>NOT SAVED: {count} changes wait</source>
   <translation>未保存：{count} 处改动待写入</translation>
  </message>
  <message>
   <source>No proposal waits on this image.</source>
   <translation>此图像上没有待处理的候选。</translation>
  </message>
  <message>
   <source>Nothing was exported: the masks are as they were.</source>
   <translation>没有导出：掩膜保持原样。</translation>
  </message>
  <message>
   <source>Open a folder of images</source>
   <translation>打开图像文件夹</translation>
  </message>
  <message>
   <source>Open a project (NAME.unetproject)</source>
   <translation>打开项目 (NAME.unetproject)</translation>
  </message>
  <message>
   <source>Open images</source>
   <translation>打开图像</translation>
  </message>
  <message>
   <source>Open the backup</source>
   <translation>打开备份</translation>
  </message>
  <message>
   <source>Proposals of a class</source>
   <translation>某类别的候选</translation>
  </message>
  <message>
   <source>Proposals that still wait on this checked image: {count}. Where they lie it teaches that there is nothing.</source>
   <translation>此已核对图像上还有 {count} 个待处理的候选。训练时，它们所在处会被当作没有细胞。</translation>
  </message>
  <message>
   <source>Proposals that wait are in no mask: {count} (images: {images}). Accept them, then export again.</source>
   <translation>有 {count} 个待处理的候选没有写入掩膜（图像：{images} 幅）。请接受它们，再导出一次。</translation>
  </message>
  <message>
   <source>Repair</source>
   <translation>修整</translation>
  </message>
  <message>
   <source>Save in another folder…</source>
   <translation>存到其他文件夹…</translation>
  </message>
  <message>
   <source>Saving…</source>
   <translation>正在保存…</translation>
  </message>
  <message>
   <source>Show it…</source>
   <translation>指出位置…</translation>
  </message>
  <message>
   <source>Show the original…</source>
   <translation>指出原文件的位置…</translation>
  </message>
  <message>
   <source>There are no masks to export yet: accept proposals or draw some.</source>
   <translation>还没有可导出的掩膜：请接受候选，或画一些。</translation>
  </message>
  <message>
   <source>Tool</source>
   <translation>工具</translation>
  </message>
  <message>
   <source>Training</source>
   <translation>训练</translation>
  </message>
  <message>
   <source>U-Net Studio {version}

Proposes masks of cells with a U-Net (Ronneberger, Fischer, Brox 2015), learns from your corrections, exports masks. BSD-3-Clause.</source>
   <translation>U-Net Studio {version}

用 U-Net（Ronneberger、Fischer、Brox 2015）生成细胞的候选掩膜，从您的修正中学习，并导出掩膜。BSD-3-Clause 许可。</translation>
  </message>
  <message>
   <source>What you draw now is not on the disk ({reason}). It is kept in memory and tried again every 2 seconds: free some space, reconnect the drive, or go on in another folder.</source>
   <translation>您现在画的内容没有写入磁盘（{reason}）。它保存在内存中，每 2 秒重试一次：请腾出空间，重新连接驱动器，或在其他文件夹中继续。</translation>
  </message>
  <message>
   <source>Where is {name} now?</source>
   <translation>{name} 现在在哪里？</translation>
  </message>
  <message>
   <source>Which class?</source>
   <translation>哪个类别？</translation>
  </message>
  <message>
   <source>the disk is slow</source>
   <translation>磁盘很慢</translation>
  </message>
  <message>
   <source>{count} changes could not be written ({reason}). They are in memory only.</source>
   <translation>{count} 处改动无法写入（{reason}）。它们只在内存中。</translation>
  </message>
  <message>
   <source>{name} is not the file its labels were drawn on: its contents changed. The labels are kept; look whether they still fit.</source>
   <translation>{name} 不是标注所依据的文件：它的内容变了。标注仍保留；请查看它们是否仍然吻合。</translation>
  </message>
  <message>
   <source>{name} was moved: it was found at {path}. Its labels are kept.</source>
   <translation>{name} 被移动过：已在 {path} 找到。它的标注仍保留。</translation>
  </message>
 </context>
</TS>
