"""FlexPrefill, from the archive of one commit; its pins of old releases are not followed."""

from packages.python.pip_index.index import wheel_packages

GIT = "https://github.com/bytedance/FlexPrefill"
COMMIT = "a24b27bf117fd6ad4ba34b0db82c598e7786fd59"

package = wheel_packages(
    package,
    target,
    [
        {
            "version": "0.1.0",
            "wheels": [f"{GIT}/archive/{COMMIT}.zip"],
            "build": True,
            "without": ["transformers", "triton"],
            "when": {"cuda": ">=12.6", "python": ">=3.10"},
        },
    ],
)
for version in package:
    version["sources"] = [{"git": GIT, "ref": COMMIT}]
