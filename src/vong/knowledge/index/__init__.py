"""Indexes of knowledge bases: chunks, embeddings and terms of documents, and the searches over them.

An index is one version of the chunks of a base: made by one chunker and embedded by one model. A base has one live
index, which all reads use unless another one is named.
"""
