"""Sources of documents: web pages, sitemaps, crawls, Notion, folders and buckets, synchronized with a base.

In: the definition of a source. Out: documents that are added, changed and deleted (`knowledge.documents`), and a report
for each sync. May import the ground packages, `jobs` excluded, and `knowledge.documents`.
"""
