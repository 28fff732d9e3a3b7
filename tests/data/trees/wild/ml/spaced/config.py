def spaced(version):
    pkg = package.copy()
    pkg["name"] = f"spaced  :{version}-frame:1.9"
    pkg["alias"] = "spaced"
    return pkg


package = spaced("0.3")
