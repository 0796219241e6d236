# The image of Signalbox: the package, on the Node that it needs. Nothing is written outside of /data.
ARG NODE_IMAGE=node:26-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /build
COPY . .
# The build needs no script of a package, only those of this one.
RUN npm ci --ignore-scripts && npm pack && mkdir /package && tar -xzf signalbox-*.tgz -C /package --strip-components=1

FROM ${NODE_IMAGE}
COPY --from=build /package /opt/signalbox
RUN mkdir /data && chown 1000:1000 /data
USER 1000:1000
WORKDIR /data
VOLUME /data
# In a container, loopback is the container itself.
ENV HOST=0.0.0.0 PORT=8080 SIGNALBOX_DATA_DIR=/data MALLOC_ARENA_MAX=1
EXPOSE 8080
# Docker waits as long for attempts on the wire as the server does.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/readyz`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "/opt/signalbox/src/main.js"]
CMD ["serve"]
