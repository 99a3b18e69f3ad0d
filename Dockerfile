# The binary alone, non-root: `make build` writes it, this puts it into an image. It holds the public root certificates itself.
FROM scratch
COPY bin/qlik-bridge /qlik-bridge
USER 65532:65532
EXPOSE 8080 9090
ENTRYPOINT ["/qlik-bridge"]
CMD ["serve"]
