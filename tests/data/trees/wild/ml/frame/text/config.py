package = {
    "text:1.0": {**package, "depends": "frame", "alias": "text"},
    "text:2.0": {**package, "depends": ["frame:2.0"], "requires": ["==24.04", "aarch64"]},
}
