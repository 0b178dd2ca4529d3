"""What the project itself needs to be built and kept true."""
