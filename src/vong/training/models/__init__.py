"""Models as a run needs them: loading, adapters, merging, sizes, and faster layers."""
