"""Sources of files: folders of the server, and buckets."""
