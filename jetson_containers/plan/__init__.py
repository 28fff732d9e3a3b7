"""The contract between deciding and doing: stages, fingerprints, images. Pure."""
