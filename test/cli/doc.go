// Package cli proves the command line as a person and a script meet it: the program runs as a process of its own, on
// a data folder of its own, against shops over HTTP on this machine.
//
// Each script under testdata/scripts is one story. Beside the commands of testscript there are:
//
//	shop KIND NAME              open a shop (medusa, vendure, woocommerce or model); its address is $NAME_URL, its
//	                            credentials lie in NAME.key, NAME.secret and NAME.password
//	goods NAME SKU STOCK PRICE [GTIN]
//	                            put a product on sale there, titled "product SKU"
//	buy NAME SKU UNITS          buy and pay
//	owner NAME stock|price SKU VALUE
//	                            the owner's hand edit, behind the connector's back
//	shows NAME SKU STOCK PRICE  what a buyer is really offered there; - is not looked at
//	many NAME N SEED            put N products on sale there, SKU-000 and on, and write counts.csv with other, random
//	                            numbers and items.csv
//	exact NAME N                explain every one of them: the value that is sent is the value made again, and what the
//	                            shop shows
//	breaks NAME FAULT           answer every call in this way; none ends it
//	exits CODE COMMAND…         run carpediem and demand its exit code; standard output may then hold no two JSON values
//	json PATH WANT              a value in the JSON of the last standard output; * is anything that is there
//	keep NAME PATH              put such a value into the environment
//	bytes FILE TEXT             write a file from a quoted Go string, so that it may hold any byte
//	xlsx FILE CSV               make a workbook of a CSV file: =… is a formula, digits are numbers
//	until PATTERN COMMAND…      run carpediem until its standard output matches, at most 20 seconds
//	serve NAME FLAG…            start carpediem serve and wait for its address, which becomes $NAME; what it says is in
//	                            NAME.out and NAME.err
//	ends NAME SIGNAL CODE       send it TERM, INT or KILL and demand its exit code; - for one that was killed
//	fetch URL CODE              ask for a page and demand its status; the page becomes standard output
package cli
