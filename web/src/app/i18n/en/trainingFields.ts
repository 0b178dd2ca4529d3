/** Names and explanations of settings that differ from those that the server sends. */
export const trainingFields: Record<string, [title: string, about: string]> = {};
