from packaging.version import parse

from jetson_containers import github_latest_tag, handle_json_request, handle_text_request
from jetson_containers.pypi_utils import get_latest_version

listed = handle_json_request("https://index.example/hub/json")
package["build_args"] = {
    "HUB_TAG": github_latest_tag("example/hub"),
    "HUB_NEWEST": listed["info"]["version"],
    "HUB_SORTED": sorted(listed["releases"].keys(), key=parse)[-1],
    "HUB_TEXT": handle_text_request("https://files.example/hub/VERSION").strip(),
    "HUB_CLIENT": get_latest_version("hub-client"),
}
