import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, type Schema, unwrap } from "@/api/client";

export type Conversation = Schema["PipelineConversation"];
export type Message = Schema["ConversationMessage"];
const PER_PAGE = 50;

/** Query the conversations with a pipeline, the latest first, of one person if given. */
export const conversationsQuery = (name: string, person: string) =>
  infiniteQueryOptions({
    queryKey: ["pipelines", "conversations", name, person],
    queryFn: ({ pageParam }) =>
      unwrap(
        api.GET("/api/v1/pipelines/{name}/conversations", {
          params: { path: { name }, query: { person: person || undefined, before: pageParam, limit: PER_PAGE } },
        }),
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => (page.length === PER_PAGE ? page.at(-1)?.id : undefined),
    placeholderData: (previous) => previous,
  });

/** Query a conversation. */
export const conversationQuery = (name: string, id: string) =>
  queryOptions({
    queryKey: ["pipelines", "conversation", name, id],
    queryFn: () => unwrap(api.GET("/api/v1/pipelines/{name}/conversations/{id}", { params: { path: { name, id } } })),
  });

/** Query the messages of a conversation, oldest first. */
export const messagesQuery = (name: string, id: string) =>
  queryOptions({
    queryKey: ["pipelines", "messages", name, id],
    queryFn: () =>
      unwrap(api.GET("/api/v1/pipelines/{name}/conversations/{id}/messages", { params: { path: { name, id } } })),
  });

/** Query the facts that are kept about a person. */
export const factsQuery = (name: string, person: string) =>
  queryOptions({
    queryKey: ["pipelines", "facts", name, person],
    queryFn: () =>
      unwrap(api.GET("/api/v1/pipelines/{name}/persons/{person}/facts", { params: { path: { name, person } } })),
  });
