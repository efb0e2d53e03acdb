"""The Python example from the API's documentation, with its parameters read from the environment."""

import os

import requests

headers = {"Authorization": os.environ["KEY"]}
payload = {"unique_id": "default", "video_no": os.environ["VIDEO_NO"]}
resp = requests.post(os.environ["URL"], json=payload, headers=headers, stream=True)
print("Status:", resp.status_code)
content_type = resp.headers.get("Content-Type", "")
if "application/json" in content_type.lower():
    print(resp.json())
else:
    with open(os.environ["FILE"], "wb") as f:
        for chunk in resp.iter_content(chunk_size=8192):
            if chunk:
                f.write(chunk)
    print("Download complete")
