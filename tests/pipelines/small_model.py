"""Vong with what the pipeline templates need: the bundled model as deployment `small`, and the base `handbook`."""

from pathlib import Path

from tests.running_vong import RunningVong

HANDBOOK = Path(__file__).parents[2] / "samples" / "handbook"


def start_with_small_model(home: Path) -> RunningVong:
    """Start Vong, deploy the model of 135 million parameters, and upload the handbook."""
    running = RunningVong(home)
    running.start()
    client = running.client()
    model = client.jobs.wait(client.registry.import_model("shipped:smollm2-135m-instruct", convert=False).id).result
    client.serving.deploy("small", model=str((model or {})["gguf"]))
    running.run("knowledge", "upload", "handbook", str(HANDBOOK), timeout=200)
    client.serving.wait("small")
    return running
