# The lapstrake command: docker build --tag lapstrake . && docker run --rm lapstrake doctor
#
# A folder with recipes is its working folder, data lie in /data, and it writes as whoever runs it:
#   docker run --rm --init --user "$(id -u):$(id -g)" --volume "$PWD:/work" --volume "$HOME/data:/data" \
#     lapstrake train recipe.ts
FROM node:24-bookworm-slim AS built
WORKDIR /lapstrake
COPY . .
RUN npm ci --no-audit --no-fund \
 && npx turbo run build --filter=@lapstrake/cli... \
 && rm -rf apps \
 && npm prune --omit=dev --no-audit --no-fund --ignore-scripts

FROM node:24-bookworm-slim
COPY --from=built /lapstrake/node_modules /lapstrake/node_modules
COPY --from=built /lapstrake/packages /lapstrake/packages
ENV LAPSTRAKE_DATA=/data
# Recipes find the packages from wherever they lie. Its user needs nothing but a place to write: /work, where runs/ go.
RUN ln -s /lapstrake/node_modules /node_modules && mkdir /work /data && chown node:node /work /data
USER node
WORKDIR /work
# SIGTERM, which `docker stop` sends, has a run finish its step and save.
ENTRYPOINT ["node", "/lapstrake/packages/cli/dist/main.js"]
CMD ["help"]
