"""What a Python user would write for many videos: one session, one video after another."""

import os

import requests

session = requests.Session()
session.headers["Authorization"] = os.environ["KEY"]
for video_no in os.environ["VIDEO_NOS"].split():
    payload = {"unique_id": "default", "video_no": video_no}
    with session.post(os.environ["URL"], json=payload, stream=True) as resp:
        with open(os.path.join(os.environ["FOLDER"], video_no + ".mp4"), "wb") as f:
            for chunk in resp.iter_content(chunk_size=8192):
                f.write(chunk)
