"""The routes by which VTEX's admin links a store up, and the page that its owner sees."""
