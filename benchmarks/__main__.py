"""``python -m benchmarks``: every benchmark but the planners', one after the other."""

from benchmarks import deciding, memory, pages, rehearsal, scrape


if __name__ == "__main__":
    pages.main()
    scrape.main()
    memory.main()
    deciding.main()
    rehearsal.main()
