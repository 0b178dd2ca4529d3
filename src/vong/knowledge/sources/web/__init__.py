"""Sources of web pages: one page, the pages of a sitemap, and crawls."""
