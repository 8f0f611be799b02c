SELECT marketplaces_1.name, marketplaces_1.website,
array((SELECT row(listings_1.url, courses_1.title, courses_1.price) AS row_1 
FROM listings AS listings_1
JOIN courses AS courses_1 ON courses_1.id = listings_1.course_id 
WHERE listings_1.state = 'PUBLISHED' AND listings_1.marketplace_id = marketplaces_1.id
ORDER BY listings_1.id ASC 

LIMIT $1::INTEGER)) AS array_1, (SELECT count(*) AS count_1 
FROM listings AS listings_1 
WHERE listings_1.state = 'PUBLISHED' AND listings_1.marketplace_id = marketplaces_1.id) AS anon_1 
FROM marketplaces AS marketplaces_1 
WHERE marketplaces_1.state IN ('PUBLISHED', 'SUSPENDED', 'RETIRED') AND marketplaces_1.state = 'PUBLISHED'
ORDER BY marketplaces_1.name ASC, marketplaces_1.id ASC 

LIMIT $2::INTEGER;
