SELECT courses_1.title, courses_1.description,
array((SELECT row(runs_1.code, runs_1.state, runs_1.starts_at, runs_1.seats, runs_1.seats_taken, regions_1.id, regions_1.name,
array((SELECT row(sessions_1.position, sessions_1.topic, sessions_1.starts_at) AS row_2 
FROM sessions AS sessions_1 
WHERE sessions_1.run_id = runs_1.id
ORDER BY sessions_1.position ASC, sessions_1.id 

LIMIT 50))) AS row_1 
FROM runs AS runs_1
LEFT OUTER
JOIN regions AS regions_1 ON regions_1.id = runs_1.region_id 
WHERE ((runs_1.state NOT IN ('SCHEDULED', 'CANCELLED')) OR runs_1.state = 'CANCELLED' AND (EXISTS (SELECT courses_2.id 
FROM courses AS courses_2 
WHERE courses_2.id = runs_1.course_id AND courses_2.state IN ('PUBLISHED', 'SUSPENDED', 'RETIRED')))) AND runs_1.state IN ('OPEN_FOR_SALE', 'FULL') AND runs_1.starts_at > now() AND runs_1.course_id = courses_1.id
ORDER BY runs_1.starts_at ASC, runs_1.id ASC 

LIMIT $1::INTEGER)) AS array_1,
array((SELECT row(runs_2.code, runs_2.state) AS row_3 
FROM runs AS runs_2 
WHERE ((runs_2.state NOT IN ('SCHEDULED', 'CANCELLED')) OR runs_2.state = 'CANCELLED' AND (EXISTS (SELECT courses_3.id 
FROM courses AS courses_3 
WHERE courses_3.id = runs_2.course_id AND courses_3.state IN ('PUBLISHED', 'SUSPENDED', 'RETIRED')))) AND runs_2.course_id = courses_1.id
ORDER BY runs_2.starts_at DESC, runs_2.id DESC 

LIMIT $2::INTEGER)) AS array_2, (SELECT count(*) AS count_1 
FROM runs AS runs_2 
WHERE ((runs_2.state NOT IN ('SCHEDULED', 'CANCELLED')) OR runs_2.state = 'CANCELLED' AND (EXISTS (SELECT courses_3.id 
FROM courses AS courses_3 
WHERE courses_3.id = runs_2.course_id AND courses_3.state IN ('PUBLISHED', 'SUSPENDED', 'RETIRED')))) AND runs_2.course_id = courses_1.id) AS anon_1,
array((SELECT row(listings_1.url, listings_1.commission_bp, marketplaces_1.name) AS row_4 
FROM listings AS listings_1
JOIN marketplaces AS marketplaces_1 ON marketplaces_1.id = listings_1.marketplace_id 
WHERE listings_1.state = 'PUBLISHED' AND listings_1.course_id = courses_1.id
ORDER BY listings_1.marketplace_id ASC, listings_1.id 

LIMIT 10)) AS array_3,
array((SELECT row(ratings_1.stars, ratings_1.comment) AS row_5 
FROM ratings AS ratings_1 
WHERE ratings_1.course_id = courses_1.id
ORDER BY ratings_1.stars DESC, ratings_1.id DESC 

LIMIT $3::INTEGER)) AS array_4, (SELECT count(*) AS count_2 
FROM ratings AS ratings_1 
WHERE ratings_1.course_id = courses_1.id) AS anon_2 
FROM courses AS courses_1 
WHERE courses_1.state IN ('PUBLISHED', 'SUSPENDED', 'RETIRED') AND courses_1.code = $4::VARCHAR 

LIMIT 1;
