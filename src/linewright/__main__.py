"""`python -m linewright`."""

from linewright.cli import main

if __name__ == "__main__":
    main()
