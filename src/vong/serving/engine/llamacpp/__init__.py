"""Engine `xllamacpp`: GGUF files and LoRA adapters on llama.cpp."""
