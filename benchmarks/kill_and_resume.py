"""Kill `stance score` at random moments, go on, and compare every byte with an undisturbed run.

    python benchmarks/kill_and_resume.py [--moments 20] [--rows 40000] [--workers 2] [--seed 0]

A moment is drawn evenly from the time that the undisturbed run took; the main process gets SIGKILL. Moments
follow one another in the same folder until its run is finished, and then in a new one.
"""

import argparse
import hashlib
import random
import shutil
import subprocess
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path

from corpus import sentences

TINY = Path(__file__).resolve().parent.parent / "tests" / "data" / "tiny"


def digests(folder: Path) -> dict[str, str]:
    return {
        file.relative_to(folder).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def run(corpus: Path, out: Path, workers: int, limit: float | None = None) -> bool:
    """Run until the end or the moment; return whether the end came."""
    command = [sys.executable, "-m", "stance", "score", str(corpus), "--out", str(out), "--quiet"]
    process = subprocess.Popen([*command, "--model", str(TINY), "--workers", str(workers)])
    try:
        if process.wait(limit):
            raise SystemExit("stance score failed")
        return True
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return False


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--moments", type=int, default=20)
    parser.add_argument("--rows", type=int, default=40_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as place:
        corpus, out = Path(place) / "rows.csv", Path(place) / "out"
        with corpus.open("w", encoding="utf-8") as file:
            file.write("text\n")
            for number, sentence in enumerate(islice(sentences(), options.rows)):
                file.write(
                    "one,cell,too,many\n" if number % 1000 == 7 else f'"{sentence.replace(chr(34), "")}"\n'
                )
        start = time.perf_counter()
        run(corpus, Path(place) / "undisturbed", workers=1)
        seconds = time.perf_counter() - start
        expected = digests(Path(place) / "undisturbed")
        kills = wrong = finished = 0
        while kills < options.moments:
            if run(corpus, out, options.workers, chance.uniform(0, seconds)):
                finished += 1
                wrong += digests(out) != expected
                shutil.rmtree(out)
            else:
                kills += 1
        run(corpus, out, options.workers)
        finished += 1
        wrong += digests(out) != expected
    print(f"kills           {kills}")
    print(f"finished runs   {finished}")
    print(f"other bytes in  {wrong}")
    sys.exit(1 if wrong else 0)
