# SPDX-License-Identifier: GPL-3.0-or-later
themesdir = $(pkgdatadir)/themes
dist_themes_DATA = \
	themes/README \
	themes/ascii.theme \
	themes/colour-blind.theme \
	themes/colour-blind-light.theme \
	themes/dark.theme \
	themes/high-contrast.theme \
	themes/light.theme \
	themes/mono.theme \
	themes/neutral.theme
