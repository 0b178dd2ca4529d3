"""What leaves training: GGUF files, converted weights, and the reference of the parity check."""
