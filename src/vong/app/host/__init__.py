"""Run the processes of one machine: bootstrap, supervisor, database start, doctor, system information."""
