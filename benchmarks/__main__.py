"""``python -m benchmarks``: every benchmark, one after the other."""

from benchmarks import memory, pages, scrape


if __name__ == "__main__":
    pages.main()
    scrape.main()
    memory.main()
