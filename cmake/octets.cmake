# octets.cmake: writes a file's octets as a C array that ends with a NUL.
#   cmake -D IN=page.css -D OUT=page_css.c -D NAME=page_css -D HEADER=page.h -P octets.cmake
file(READ ${IN} hex HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," octets "${hex}")
string(REGEX REPLACE "((0x[0-9a-f][0-9a-f],){20})" "\\1\n" octets "${octets}")
file(WRITE ${OUT} "#include \"${HEADER}\"\n\nconst char ${NAME}[] = {\n${octets}0 };\n")
