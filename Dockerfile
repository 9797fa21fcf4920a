# scripts/check-image-steps.mjs follows these steps in an empty folder; it understands what stands here and no more.
#
# A build for production pins both bases by digest: docker build --build-arg NODE_IMAGE=node:24-bookworm-slim@sha256:<digest>
ARG NODE_BUILD_IMAGE=node:24-bookworm
ARG NODE_IMAGE=node:24-bookworm-slim

# Builds with development dependencies and a C++ toolchain, then leaves only what production needs.
FROM ${NODE_BUILD_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Without scripts, because our own `prepare` builds and the sources come later; SQLite's addon is the one that is needed.
RUN npm ci --ignore-scripts --no-audit --no-fund && npm rebuild better-sqlite3
COPY scripts/build.mjs scripts/build.mjs
COPY nest-cli.json tsconfig.json tsconfig.build.json ./
COPY migrations migrations
COPY src src
RUN npm run build
RUN npm prune --omit=dev --ignore-scripts --no-audit --no-fund && mkdir data

FROM ${NODE_IMAGE}
ENV NODE_ENV=production DATA_DIR=/app/data
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY --from=build --chown=1000:1000 /app/data data
# The user node by number: Kubernetes' runAsNonRoot cannot tell a name from root. All but its data belongs to root, and the
# service writes nothing else: it runs on a read-only root file system.
USER 1000:1000
VOLUME /app/data
EXPOSE 8080
# The image has no curl. The certificate is for the name of the service, not for loopback.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["node", "-e", "import(process.env.TLS_CERT_FILE ? 'node:https' : 'node:http').then(({ get }) => get({ host: '127.0.0.1', port: process.env.PORT || 8080, path: '/health/live', rejectUnauthorized: false }, (answer) => process.exit(answer.statusCode === 200 ? 0 : 1)).on('error', () => process.exit(1)))"]
STOPSIGNAL SIGTERM
# Not through npm or a shell: signals must reach the service, which is process 1. A stop takes up to 30 s: docker stop --time 30.
CMD ["node", "--max-semi-space-size=64", "dist/src/main.js"]
# Last, because a changed label would make Docker repeat all later steps.
ARG NODE_IMAGE
ARG VERSION=0.2.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="fastify-camunda" \
  org.opencontainers.image.description="REST in front of a Camunda 7 process engine" \
  org.opencontainers.image.licenses="MIT" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${REVISION}" \
  org.opencontainers.image.base.name="${NODE_IMAGE}"
