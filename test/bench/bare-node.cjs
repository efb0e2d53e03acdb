/** The documented Python example in as few lines of Node as possible; without FILE, the body is dropped. */
'use strict';

const { createWriteStream } = require('node:fs');
const { request } = require(process.env.URL.startsWith('https:') ? 'node:https' : 'node:http');

const { URL: url, VIDEO_NO, KEY, FILE } = process.env;
const body = JSON.stringify({ video_no: VIDEO_NO, unique_id: 'default' });
const headers = { authorization: KEY, 'content-type': 'application/json', 'content-length': body.length };

request(url, { method: 'POST', headers, agent: false }, (response) => {
  if (FILE) response.pipe(createWriteStream(FILE));
  else response.resume();
}).end(body);
