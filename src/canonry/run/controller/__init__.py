"""The controller: hands out work, watches the workers, and answers for every planned test."""
