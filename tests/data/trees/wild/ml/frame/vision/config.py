# two dots are the tree's root, however deep this directory lies
from ..ml.frame.version import FRAME_VERSION

package["build_args"] = {"VISION_FOR": FRAME_VERSION}
package["depends"].append("stack")
package.update({"notes": f"for frame {FRAME_VERSION}"})
