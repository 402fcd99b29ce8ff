"""How it is shown: terminal, page, PNG files, summary.json, CSV, HdrHistogram files."""
