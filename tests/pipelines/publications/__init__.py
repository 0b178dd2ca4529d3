"""Tests of publications: `/v1`, chat page, conversations, MCP, webhooks and schedules."""
