#!/usr/bin/env bash
# Installs what a bare machine lacks. Usage: install.sh venv PYTHON FOLDER | install.sh browser BIN
set -euo pipefail

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; elif command -v sudo >/dev/null; then sudo "$@"; else
    echo "Please run as root: $*" >&2
    exit 2
  fi
}

apt_install() {
  if ! command -v apt-get >/dev/null; then
    echo "Please install: $*" >&2
    exit 2
  fi
  echo "Installing $*"
  as_root apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

make_venv() {
  local python=$1 folder=$2
  "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "Python 3.11 or newer is needed, $("$python" --version) was found; set one with: make PYTHON=python3.11" >&2
    exit 2
  }
  # Debian keeps venv in a package of its own.
  "$python" -c 'import ensurepip, venv' 2>/dev/null || apt_install "$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')"
  [ -x "$folder/bin/python" ] || "$python" -m venv "$folder"
}

# A browser that is there already, else the system's, else the one that Playwright downloads.
get_browser() {
  local bin=$1
  # What Playwright brings along needs a library that a bare Debian has not.
  "$bin/python" -m playwright --version >/dev/null 2>&1 || apt_install libatomic1
  "$bin/python" -m tests.browser.chromium && get_node && return
  if command -v apt-get >/dev/null; then apt_install chromium; else "$bin/python" -m playwright install --with-deps chromium; fi
  "$bin/python" -m tests.browser.chromium || { echo "No Chromium was found or could be installed." >&2; exit 2; }
  get_node
}

get_node() {
  command -v node >/dev/null && [ "$(node -p 'process.versions.node.split(".")[0]')" -ge 18 ] || apt_install nodejs
}

case $1 in
  venv) make_venv "$2" "$3" ;;
  browser) get_browser "$2" ;;
esac
