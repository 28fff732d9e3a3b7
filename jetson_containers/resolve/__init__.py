"""From a request to one version per name, in canonical order, with the reason for each."""
