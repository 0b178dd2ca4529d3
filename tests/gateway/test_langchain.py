"""Standard tests of LangChain for chat models, with the provider `echo`."""

from typing import Any, ClassVar

import httpx
import pytest
from langchain_core.language_models import BaseChatModel
from langchain_openai import ChatOpenAI
from langchain_tests.integration_tests import ChatModelIntegrationTests

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
