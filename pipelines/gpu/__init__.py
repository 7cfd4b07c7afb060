"""What a machine with a GPU must check: `python3 pipelines/gpu --help`. Needs Python and our tools only."""
