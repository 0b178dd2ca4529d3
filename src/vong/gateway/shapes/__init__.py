"""The forms in which callers write to the gateway, one small file each."""
