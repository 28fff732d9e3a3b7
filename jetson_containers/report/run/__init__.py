"""Reports of runs: read from what a run left behind, shown as a page, as JSON or as JUnit."""
