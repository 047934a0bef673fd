"""KoGNER inside other libraries; stays home, each file needs the library it is named after."""
