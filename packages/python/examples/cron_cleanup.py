"""A cron script that asks before it deletes, and tells what it did.

    15 6 * * 1  SIGNALBOX_URL=... SIGNALBOX_API_KEY=... APPROVER=ann@example.com python3 cron_cleanup.py /backups 30

It asks once a day for the same files, however often it runs: day and files are the idempotency key. If nobody answers
within eight hours, the files stay. Without `APPROVER`, it prints the link.
A key of the role `agent` needs the scopes `ask` and `operate`, because the script publishes an event at the end.
"""

import os
import sys
import time
import uuid
from datetime import date
from pathlib import Path

from signalbox_sdk import Signalbox, SignalboxError


def old_files(folder: Path, days: int) -> list[Path]:
    oldest = time.time() - days * 86_400
    return sorted(path for path in folder.iterdir() if path.is_file() and path.stat().st_mtime < oldest)


def main(folder: Path, days: int) -> int:
    files = old_files(folder, days)
    if not files:
        return 0
    approver = os.environ.get("APPROVER")
    with Signalbox(url=os.environ["SIGNALBOX_URL"], api_key=os.environ["SIGNALBOX_API_KEY"]) as signalbox:
        key = uuid.uuid5(uuid.NAMESPACE_URL, repr([date.today(), files]))
        pause = signalbox.pause(
            message=f"Delete {len(files)} files older than {days} days in {folder}?",
            options=["Delete", "Keep"],
            timeout_default="Keep",
            timeout_hours=8,
            channel="email" if approver else None,
            recipient=approver,
            idempotency_key=str(key),
        )
        if approver is None:
            print(pause["respond_url"], flush=True)
        ended = signalbox.wait_for_pause(pause["pause_id"])
        if ended["response_choice"] != "Delete":
            return 0
        for path in files:
            path.unlink(missing_ok=True)
        # The key makes the event happen once, also if this script runs again after a crash.
        signalbox.events.publish(
            type="backups.deleted",
            payload={
                "folder": str(folder),
                "files": [path.name for path in files][:1000],
                "pause_id": pause["pause_id"],
            },
            idempotency_key=f"deleted:{pause['pause_id']}",
        )
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(Path(sys.argv[1]), int(sys.argv[2])))
    except SignalboxError as error:
        # cron mails what a script prints.
        sys.exit(f"cleanup: {error}")
