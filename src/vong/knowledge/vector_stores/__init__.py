"""Vector stores of OpenAI's API: a name, a lifetime and attributes of files on top of knowledge bases.

Every knowledge base is a vector store, and every document of a base is a file of its store, in whichever way the base
and the document were created.
"""
