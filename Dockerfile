# Latchkey without anything that is only for building or testing. Listens where its configuration says, runs as the
# user node (1000), and writes nowhere but below /var/lib/latchkey: run it with a read-only root file system.
#
#   docker build -t latchkey .
#   docker run --read-only --cap-drop ALL -v latchkey:/var/lib/latchkey \
#     -v ./latchkey.yaml:/etc/latchkey/latchkey.yaml:ro -p 127.0.0.1:3443:3443 latchkey

# The full image has the compiler that better-sqlite3 needs where there is no ready-made binary of it.
FROM node:26 AS modules
WORKDIR /opt/latchkey
COPY package.json package-lock.json .npmrc ./
RUN ["npm", "ci", "--omit=dev"]

FROM node:26-slim
WORKDIR /opt/latchkey
COPY --from=modules /opt/latchkey/node_modules node_modules
COPY package.json ./
COPY config config
COPY public public
COPY views views
COPY src src
# A new volume takes its owner from here.
RUN ["install", "--directory", "--owner=node", "--group=node", "--mode=0700", "/var/lib/latchkey"]
ENV NODE_ENV=production LATCHKEY_CONFIG=/etc/latchkey/latchkey.yaml
# Room for what is short-lived, and for all else, in MB. Some 50 are in use, however many people there are; with as much
# room as Node takes by itself it collects so late that a process is larger by 50 to 100 MB, and no faster.
ENV NODE_OPTIONS="--max-semi-space-size=4 --max-old-space-size=512"
USER node
VOLUME /var/lib/latchkey
HEALTHCHECK --interval=30s --timeout=10s --start-period=20s --retries=3 CMD ["node", "src/launcher.js", "health"]
CMD ["node", "src/main.ts"]
