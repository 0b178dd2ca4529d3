"""HTTP client for addresses that users configure: checks every address at connect time, and bounds size and time."""
