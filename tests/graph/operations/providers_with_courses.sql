SELECT
array((SELECT row(providers_1.name, (SELECT count(courses.id) AS count_1 
FROM courses 
WHERE courses.provider_id = providers_1.id AND courses.state = 'PUBLISHED'), organisations_1.legal_name, regions_1.name,
array((SELECT row(courses_1.title,
array((SELECT row(marketplaces_1.name) AS row_3 
FROM listings AS listings_1
JOIN marketplaces AS marketplaces_1 ON marketplaces_1.id = listings_1.marketplace_id 
WHERE listings_1.state = 'PUBLISHED' AND listings_1.course_id = courses_1.id
ORDER BY listings_1.marketplace_id ASC, listings_1.id 

LIMIT 10))) AS row_2 
FROM courses AS courses_1 
WHERE courses_1.state IN ('PUBLISHED', 'SUSPENDED', 'RETIRED') AND courses_1.state = 'PUBLISHED' AND courses_1.provider_id = providers_1.id
ORDER BY courses_1.participant_count DESC, courses_1.id DESC 

LIMIT $1::INTEGER)), (SELECT count(*) AS count_2 
FROM courses AS courses_1 
WHERE courses_1.state IN ('PUBLISHED', 'SUSPENDED', 'RETIRED') AND courses_1.state = 'PUBLISHED' AND courses_1.provider_id = providers_1.id)) AS row_1 
FROM providers AS providers_1
JOIN organisations AS organisations_1 ON organisations_1.id = providers_1.organisation_id
JOIN regions AS regions_1 ON regions_1.id = organisations_1.region_id 
WHERE providers_1.state IN ('PUBLISHED', 'SUSPENDED', 'RETIRED') AND providers_1.state = 'PUBLISHED'
ORDER BY providers_1.name ASC, providers_1.id ASC 

LIMIT $2::INTEGER)) AS array_1, (SELECT count(*) AS count_3 
FROM providers AS providers_1 
WHERE providers_1.state IN ('PUBLISHED', 'SUSPENDED', 'RETIRED') AND providers_1.state = 'PUBLISHED') AS anon_1;
